"""Which model suits a machine. Arithmetic over the registry, nothing measured."""

from collections.abc import Mapping
from dataclasses import dataclass

from demiurgic_models.entries import Entry

_CHOICES = (
    "glm-4.7-flash",
    "glm-4-9b-0414",
    "qwen2.5-coder-7b",
    "qwen2.5-coder-1.5b",
    "qwen2.5-coder-0.5b",
    "smollm2-135m",
)
_LEFT_FOR_OTHERS = 0.35
"""Share of the memory that belongs to the editor, the browser and the compiler."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A model and whether it fits."""

    entry: Entry
    fits: bool
    why: str


def recommend(entries: Mapping[str, Entry], ram: int, vram: int = 0) -> list[Advice]:
    """All sensible choices, the best that fits first."""
    usable = max(ram * (1 - _LEFT_FOR_OTHERS), vram) / 1e9
    where = "GPU memory" if vram > ram * (1 - _LEFT_FOR_OTHERS) else "memory, a third of it left to other programs"
    advice = [_advice(entries[name], usable, where, gpu=vram > 0) for name in _CHOICES if name in entries]
    return sorted(advice, key=lambda one: not one.fits)


def _advice(entry: Entry, usable: float, where: str, *, gpu: bool) -> Advice:
    if entry.ram > usable:
        return Advice(entry, False, f"needs {entry.ram:.1f} GB; {usable:.1f} GB of {where} can be used")
    speed = "" if gpu or entry.ram <= 3 else "; slow without a GPU"
    return Advice(entry, True, f"needs {entry.ram:.1f} of {usable:.1f} GB ({where}){speed}")
