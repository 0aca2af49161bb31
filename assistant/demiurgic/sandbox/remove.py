"""Removing a folder whatever a program has made of it: nested thousands deep, closed to its owner, named oddly.

Only for folders in which nothing runs any more.
"""

import os
import secrets
from pathlib import Path


def remove_tree(folder: Path) -> None:
    """Remove the folder and all below it. Symbolic links are removed and never followed."""
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchmod(top, 0o700)
        waiting = _cleared(top, top)
        while waiting:  # every folder is moved up before it is looked into, so that none is ever deep
            name = waiting.pop()
            place = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
            try:
                waiting += _cleared(place, top)
            finally:
                os.close(place)
            os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)
    folder.rmdir()


def _cleared(place: int, top: int) -> list[str]:
    """Empty a folder: its files go, its folders are moved to the top under the names that are given back."""
    moved: list[str] = []
    with os.scandir(place) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        if not is_folder:
            os.unlink(name, dir_fd=place)
            continue
        os.chmod(name, 0o700, dir_fd=place)
        moved.append(secrets.token_hex(16))
        os.rename(name, moved[-1], src_dir_fd=place, dst_dir_fd=top)
    return moved
