"""Graphics cards that models could run on. Looked for by what their drivers tell; nothing is loaded onto them."""

import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from demiurgic.cli.doctor.finding import said_by

_CARDS = Path("/sys/class/drm")
_AMD = "0x1002"


@dataclass(frozen=True, slots=True)
class Gpu:
    """One card. `build` is what llama.cpp must be compiled with to use it."""

    name: str
    memory: int
    free: int
    build: str

    def __str__(self) -> str:
        return f"{self.name}, {self.memory / 1e9:.0f} GB, {self.free / 1e9:.0f} GB free"


def found_gpus() -> list[Gpu]:
    """NVIDIA's and AMD's cards, and Apple's own."""
    return [*_nvidia(), *amd(_CARDS), *_apple()]


def gpu_memory() -> int:
    """Bytes of the largest card's memory; 0 where there is none to be seen."""
    return max((gpu.memory for gpu in found_gpus()), default=0)


def _nvidia() -> list[Gpu]:
    tool = shutil.which("nvidia-smi")
    query = "--query-gpu=name,memory.total,memory.free"
    said = said_by([tool, query, "--format=csv,noheader,nounits"]) if tool else None
    rows = [[part.strip() for part in line.rsplit(",", 2)] for line in (said or "").splitlines()]
    whole = [row for row in rows if len(row) == 3 and row[1].isdigit() and row[2].isdigit()]
    return [Gpu(name, int(total) << 20, int(free) << 20, "-DGGML_CUDA=on") for name, total, free in whole]


def amd(cards: Path) -> list[Gpu]:
    """What the kernel's driver tells of AMD's cards with memory of their own."""
    found: list[Gpu] = []
    for device in sorted(cards.glob("card[0-9]*/device")):
        try:
            if (device / "vendor").read_text("ascii").strip() != _AMD:
                continue
            total, used = (int((device / f"mem_info_vram_{name}").read_text("ascii")) for name in ("total", "used"))
        except (OSError, ValueError):
            continue
        found.append(Gpu("AMD", total, total - used, "-DGGML_HIP=on"))
    return found


def _apple() -> list[Gpu]:
    if (platform.system(), platform.machine()) != ("Darwin", "arm64"):
        return []
    import psutil

    memory = psutil.virtual_memory()
    return [Gpu("Apple, memory shared with the CPU", memory.total, memory.available, "-DGGML_METAL=on")]
