"""Taking away what sandboxes of a program that was killed have left: folders for temporary files, control groups.

Programs need no such care, they end with whoever started them.
"""

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from demiurgic.sandbox.remove import remove_tree

Kind: TypeAlias = Literal["run", "sandbox", "group", "probe", "masks", "image"]
"""What a folder or a group is for."""

_NAME = re.compile(rf"demiurgic-(?:{'|'.join(get_args(Kind))})-(\d+)-\w+")
_DAY = 86400


def temporary_folder(kind: Kind) -> Path:
    """A new folder, named so that it is known for a stray when this process has ended."""
    return Path(tempfile.mkdtemp(prefix=name_prefix(kind)))


def name_prefix(kind: Kind) -> str:
    """What names of this process's things begin with."""
    return f"demiurgic-{kind}-{os.getpid()}-"


def sweep(groups: Sequence[Path]) -> None:
    """Remove what dead processes left: folders a day after, control groups in these folders at once."""
    for folder in Path(tempfile.gettempdir()).glob("demiurgic-*"):
        with contextlib.suppress(OSError):  # somebody else's, or gone meanwhile
            if _is_stray(folder) and time.time() - folder.lstat().st_mtime > _DAY:
                remove_tree(folder)
    for group in (group for parent in groups for group in parent.glob("demiurgic-*")):
        with contextlib.suppress(OSError):
            if _is_stray(group):
                group.rmdir()


def _is_stray(path: Path) -> bool:
    named = _NAME.fullmatch(path.name)
    return named is not None and not Path("/proc", named[1]).exists()
