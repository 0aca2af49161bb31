"""SmolLM3: a Llama of which every fourth layer knows no positions. That it is every fourth is fixed in llama.cpp."""

import gguf

from demiurgic_training.exporting.layouts.layout import Config, Layout

_EVERY = 4


def _problem(config: Config) -> str:
    expected = [int((layer + 1) % _EVERY != 0) for layer in range(config.num_hidden_layers)]
    if list(config.no_rope_layers) != expected:
        return "other layers than every fourth go without positions"
    return "it looks back through a sliding window" if getattr(config, "use_sliding_window", False) else ""


LAYOUT = Layout(gguf.MODEL_ARCH.SMOLLM3, halves=True, problem=_problem)
