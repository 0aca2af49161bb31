"""How a model is loaded. Facts of the machine and wishes of the user; no model knowledge."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Settings of one loaded model. The defaults suit a laptop."""

    context: int | None = None
    """Tokens that one conversation may hold. None: what the model was trained for, as far as memory allows."""
    parallel: int = 16
    """Requests decoded together at most; more wait their turn."""
    separate: bool = False
    """Whether each of the `parallel` has `context` places of its own, instead of all sharing as many. That takes more
    memory, and decodes many at once much faster: attention runs over all places that are shared, whoever they are for.
    Models whose memory cannot be rewound always share."""
    threads: int | None = None
    """None: as many as there are cores, fewer while something else needs them."""
    gpu_layers: int | None = None
    """None: all of them where the library was built for a GPU."""
    batch: int = 512
    """Prompt tokens evaluated in one step at most."""
    kv_type: Literal["f16", "f32", "q8_0"] = "f16"
    """How exactly the past is kept."""
    memory_cache: int = 512 * 2**20
    """Bytes of evaluated prefixes kept in memory beside the live context."""
    disk_cache: int = 0
    """Bytes of evaluated prefixes kept on disk between runs; 0 keeps none."""
    cache_dir: Path | None = None
    """Where they lie."""
    draft_tokens: int = 47
    """Longest draft that is verified in one step; 0 turns drafting off."""
