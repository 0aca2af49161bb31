"""Putting the parts together: the only place that decides which class stands behind a protocol."""

from demiurgic.compose.chat import (
    default_model,
    describe_model,
    engine_build,
    engine_options,
    local_file,
    memory_total,
    model_file,
    open_chat,
    pull_options,
    registry,
)

__all__ = [
    "default_model",
    "describe_model",
    "engine_build",
    "engine_options",
    "local_file",
    "memory_total",
    "model_file",
    "open_chat",
    "pull_options",
    "registry",
]
