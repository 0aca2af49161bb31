"""What is built or fetched into the repository's `build` folder is so by one process of the tests at a time."""

from functools import cache
from pathlib import Path

from filelock import FileLock

_FOLDER = Path(__file__).parents[2] / "build" / "locks"


@cache
def alone(name: str) -> FileLock:
    """A block under it waits until no other process is in one of the same name. Such blocks may stand in each other."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    return FileLock(_FOLDER / name)
