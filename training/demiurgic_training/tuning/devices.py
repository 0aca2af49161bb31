"""The device that a run would have: its memory, and how fast it multiplies."""

import time
from dataclasses import dataclass
from typing import Any

_WIDE = {"cuda": 8192, "cpu": 256}
"""Matrices that the device is measured with."""
_LONG_ENOUGH = 0.1
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Device:
    """A GPU, or else this machine. Sizes in bytes."""

    name: str
    kind: str
    memory: int
    free: int
    speed: float
    """Multiplications and additions a second of large matrices, measured just now."""


def device_found(precision: Any) -> Device:  # noqa: ANN401 - a type of torch
    """The device that torch would choose, measured in a moment."""
    import torch

    if torch.cuda.is_available():
        free, memory = torch.cuda.mem_get_info()
        return Device(torch.cuda.get_device_name(), "cuda", memory, free, _speed("cuda", precision))
    import psutil

    room = psutil.virtual_memory()
    return Device("this machine's memory", "cpu", room.total, room.available, _speed("cpu", precision))


def _speed(kind: str, precision: Any) -> float:  # noqa: ANN401 - a type of torch
    import torch

    wide = _WIDE[kind]
    left = torch.ones(wide, wide, dtype=precision, device=kind)
    _ = left @ left
    _wait(kind)
    begun, rounds, seconds = time.perf_counter(), 0, 0.0
    while seconds < _LONG_ENOUGH:
        _ = left @ left
        _wait(kind)
        rounds, seconds = rounds + 1, time.perf_counter() - begun
    return rounds * 2 * wide**3 / seconds


def _wait(kind: str) -> None:
    import torch

    if kind == "cuda":
        torch.cuda.synchronize()
