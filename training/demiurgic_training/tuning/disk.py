"""A disk that is full, told as that: each library has its own error for it."""

import errno
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from demiurgic.errors import WorkError

_NEARLY = 2**20
"""Bytes: with less, what fails while something is written fails for that."""


@contextmanager
def room_for(what: str, folder: Path, next_step: str) -> Generator[None]:
    """Raises WorkError, which names the disk, where something cannot be written for want of room. `next_step` says what
    is there already, or what to do."""
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        if not _is_full(error, folder):
            raise
        free = shutil.disk_usage(folder).free
        problem = f"{what} cannot be written: the disk of {folder} is full ({free} bytes free)"
        raise WorkError(problem, next_step) from error


def _is_full(error: Exception, folder: Path) -> bool:
    """safetensors and torch raise errors of their own. Torch's say nothing of disks: "iostream error"."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    if "No space left" in str(error) or "os error 28" in str(error):
        return True
    return not isinstance(error, OSError) and shutil.disk_usage(folder).free < _NEARLY
