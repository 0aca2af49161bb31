"""Reading the small texts that people write: settings, rules, registries, lists.

Whoever names such a file, or brings it with a cloned folder, may mean something else by its name: a pipe that nobody
writes to is not waited for, and of a device that never ends no more is read than of any other file.
"""

import os
import stat
import tomllib
from pathlib import Path
from typing import Any

_LARGEST = 1 << 20


def read_small(path: Path, *, pipes: bool = False) -> str:
    """The text of a file, without a byte order mark. Raises OSError, also where it is no file or too large to be meant,
    and UnicodeDecodeError. `pipes`: take one as well, since a shell's `<(command)` is one."""
    mode = path.stat().st_mode
    # People name the null device where they mean that there shall be nothing.
    if not (stat.S_ISREG(mode) or (pipes and stat.S_ISFIFO(mode)) or path.samefile(os.devnull)):
        raise OSError("it is no file")
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise OSError(f"it is larger than {_LARGEST >> 20} MB")
    return data.decode("utf-8-sig")


def read_toml(path: Path) -> dict[str, Any]:
    """The table that a file holds. Raises OSError as `read_small` does, and ValueError where it is no TOML."""
    try:
        return tomllib.loads(read_small(path))
    except RecursionError as error:
        raise ValueError("brackets within brackets, too deep to follow") from error
