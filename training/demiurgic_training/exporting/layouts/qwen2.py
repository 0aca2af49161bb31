"""Qwen2, which Qwen2.5 and Qwen2.5-Coder are."""

import gguf

from demiurgic_training.exporting.layouts.layout import Config, Layout


def _problem(config: Config) -> str:
    return "it looks back through a sliding window" if getattr(config, "use_sliding_window", False) else ""


LAYOUT = Layout(gguf.MODEL_ARCH.QWEN2, scalings=("default", "linear"), problem=_problem)
