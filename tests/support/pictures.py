"""What a folder holds, byte by byte, found in the plainest way: to compare with what it should hold."""

import os
import stat
from pathlib import Path


def picture(root: Path, without: tuple[str, ...] = (".git",)) -> dict[bytes, tuple[int, bytes]]:
    """Every file, link and folder beneath: its mode and its bytes. Names in `without` are passed over at any depth."""
    seen: dict[bytes, tuple[int, bytes]] = {}
    for here, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in without]
        for path in (Path(here, name) for name in (*folders, *files) if name not in without):
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                content = os.fsencode(path.readlink())
            else:
                content = path.read_bytes() if stat.S_ISREG(mode) else b""
            seen[os.fsencode(path.relative_to(root))] = (mode, content)
    return seen
