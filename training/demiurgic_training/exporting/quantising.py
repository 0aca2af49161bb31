"""Smaller forms of an exact file, made by llama.cpp in a process of its own."""

import subprocess
import sys
from pathlib import Path

import psutil

from demiurgic.errors import WorkError
from demiurgic_training.exporting.wish import Quantisation


def quantise(source: Path, target: Path, form: Quantisation) -> None:
    """Write the source in this form. Raises WorkError, and then leaves no target behind."""
    threads = str(psutil.cpu_count(logical=False) or 1)
    command = [sys.executable, "-P", "-m", "demiurgic.engine.llama.quantising", str(source), str(target), form, threads]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        target.unlink(missing_ok=True)
        last = (done.stderr.strip().splitlines() or [f"the process ended with {done.returncode}"])[-1]
        raise WorkError(f"{form} could not be made: {last}", "is the disk full?")
