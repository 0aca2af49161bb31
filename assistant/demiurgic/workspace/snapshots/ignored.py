"""Which files the user's `.gitignore` files leave out, asked many thousand times in a row.

The rules are those of `demiurgic.workspace.ignoring`; here they are also read from the folders above the workspace, up
to the one that holds the repository, and files that the repository tracks all the same are known.
"""

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from demiurgic.errors import WorkspaceError
from demiurgic.workspace.ignoring import Ignored
from demiurgic.workspace.opening import open_beneath
from demiurgic.workspace.snapshots.git import Git

_LONGEST = 1 << 20
_SUBMODULE = b"160000 "
_NEVER = re.compile(r"(?!)")


class Rules:
    """The rules that hold in one folder."""

    def __init__(self, ignored: Ignored, above: tuple[str, ...]) -> None:
        self._ignored, self._above = ignored, above
        self._may_match = _last_names(ignored)

    def excludes(self, names: Sequence[str], *, is_folder: bool) -> bool:
        """Whether a path of the workspace is left out, given that the folders above it are not."""
        if self._may_match.match(names[-1]) is None:  # true of nearly all, and quick to see
            return False
        return self._ignored.excludes((*self._above, *names), is_folder=is_folder)

    def within(self, folder: int, depth: int) -> "Rules":
        """These rules and those that an open folder brings, which lies `depth` folders down."""
        text = _ignore_file(folder)
        if not text:
            return self
        return Rules(self._ignored.within(len(self._above) + depth, text), self._above)


def rules_above(root: Path) -> Rules:
    """What the repository around the workspace says about it; nothing where it ignores the workspace as a whole."""
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    above = root.relative_to(top).parts
    ignored = Ignored()
    for depth in range(len(above)):
        folder = top.joinpath(*above[:depth])
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            ignored = ignored.within(depth, _ignore_file(fd))
        finally:
            os.close(fd)
        if ignored.excludes(above[: depth + 1], is_folder=True):
            return Rules(Ignored(), ())
    return Rules(ignored, above)


def tracked(root: Path, git: Git) -> frozenset[str]:
    """The files that the user's repository tracks, as far as its index can be read without its settings."""
    index = root / ".git" / "index"
    try:
        if not stat.S_ISREG(index.lstat().st_mode):
            return frozenset()
        listed = git.run("ls-files", "--stage", "-z", index=index)
    except (OSError, WorkspaceError):  # no repository, or an index of an uncommon kind: then .gitignore alone decides
        return frozenset()
    lines = (line.partition(b"\t") for line in listed.split(b"\0") if not line.startswith(_SUBMODULE))
    return frozenset(os.fsdecode(path) for _, _, path in lines if path)


def _ignore_file(folder: int) -> str:
    """The text of a folder's `.gitignore`. A link, a pipe or a huge file says nothing."""
    try:
        fd = open_beneath(folder, ".gitignore", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY, walk=True)
    except OSError:
        return ""
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LONGEST:
            return ""
        return os.fsdecode(file.read(_LONGEST))


def _last_names(ignored: Ignored) -> re.Pattern[str]:
    """Matches every name that some rule could mean: each rule ends in a name or in a pattern for one."""
    lasts = {rule.pattern.parts[-1] for _, rules in ignored.files for rule in rules if rule.pattern.parts}
    texts = [re.escape(last) + r"\Z" if isinstance(last, str) else last.pattern for last in lasts if last is not None]
    if len(texts) < len(lasts):
        return re.compile("")
    return re.compile("|".join(texts), re.DOTALL) if texts else _NEVER
