"""Paths as models and people write them, brought into the workspace's own form without looking at the disk."""

from pathlib import Path

from demiurgic.errors import OutsideWorkspace, WorkspaceError
from demiurgic.workspace.shown import visible_name


class Names:
    """The names of one folder: where it really lies, and what its user calls it."""

    def __init__(self, root: Path, home: Path | None = None) -> None:
        self.root = root.resolve()
        self._roots = (_parts(str(self.root)), _parts(str(root.absolute())))
        self._home = home

    def relative(self, path: str) -> str:
        """A path as somebody wrote it, `~` for the home included, from the root."""
        if path == "~" or path.startswith("~/"):
            path = f"{self._home or Path.home()}{path[1:]}"
        return self.inside(path)

    def inside(self, path: str) -> str:
        """The path from the root, with no `.`, no `..` and no slash at either end; empty for the root itself.

        A `~` is a name like any other: folders may be called that.
        """
        if "\0" in path:
            raise WorkspaceError("a path cannot hold a NUL character")
        if not path.startswith("/"):
            return "/".join(_parts(path))
        parts = _parts(path)
        for root in self._roots:
            if parts[: len(root)] == root:
                return "/".join(parts[len(root) :])
        raise OutsideWorkspace(f"{visible_name(path)} is outside the workspace {visible_name(str(self.root))}")


def _parts(path: str) -> list[str]:
    parts: list[str] = []
    for name in path.split("/"):
        if name == "..":
            if not parts and not path.startswith("/"):
                raise OutsideWorkspace(f"{visible_name(path)} leads out of the workspace")
            del parts[-1:]
        elif name not in ("", "."):
            parts.append(name)
    return parts
