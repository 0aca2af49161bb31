"""Putting files in their places so that nobody ever meets half of one."""

import os
from pathlib import Path


def write_beside(path: Path, text: str) -> None:
    """Write a small file: beside its place first, then moved there. Not for two writers at once."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, "utf-8")
    put(beside, path)


def put(file: Path, path: Path) -> None:
    """Move a finished file to its place, where it survives a power cut."""
    sync(file)
    file.replace(path)
    if os.name == "posix":
        sync(path.parent)


def sync(path: Path) -> None:
    """Make sure that what was written is on the disk."""
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
