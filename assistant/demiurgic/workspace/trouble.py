"""What went wrong with a path, in words that say what is really there."""

import difflib
import errno
from collections.abc import Sequence
from itertools import islice
from typing import Protocol

from demiurgic.errors import DemiurgicError, OutsideWorkspace, WorkspaceError
from demiurgic.workspace.protocol import Entry, Workspace
from demiurgic.workspace.shown import visible_name

_LOOK_AT = 5_000
_NAMED = 12


class Explorable(Workspace, Protocol):
    """A workspace that can say which link stands in a path's way."""

    def link_on_the_way(self, path: str) -> tuple[str, str] | None: ...


def explained(workspace: Explorable, path: str, verb: str, error: OSError) -> WorkspaceError:
    """The error to raise for what the system said. `verb` is what could not be done: read, written, listed."""
    shown = visible_name(path or ".")
    if error.errno in (errno.ELOOP, errno.ENOTDIR) and (link := workspace.link_on_the_way(path)):
        return WorkspaceError(
            f"{shown} goes through the link {visible_name(f'{link[0]} -> {link[1]}')}", _end(workspace, path)
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return WorkspaceError(f"there is no {shown}", _nearest(workspace, path))
    if error.errno == errno.EISDIR:
        return WorkspaceError(f"{shown} is a folder", _holds(workspace.entries(path)))
    return WorkspaceError(f"{shown} cannot be {verb}: {error.strerror}")


def _end(workspace: Workspace, path: str) -> str:
    try:
        return f"name what it leads to: {visible_name(workspace.real(path))}"
    except OutsideWorkspace:
        return "it leads out of the workspace"
    except WorkspaceError as error:
        return error.message


def _nearest(workspace: Workspace, path: str) -> str:
    """Where the path may have been meant to go."""
    wanted = path.strip("/")
    name = wanted.rpartition("/")[2]
    elsewhere = [entry.path for entry in islice(workspace.walk(), _LOOK_AT)]
    same = [other for other in elsewhere if other.rpartition("/")[2].lower() == name.lower()]
    if near := same[:3] or difflib.get_close_matches(wanted, elsewhere[:2000], n=3, cutoff=0.7):
        return f"did you mean {' or '.join(visible_name(one) for one in near)}?"
    folder = wanted
    while folder:
        folder = folder.rpartition("/")[0]
        try:
            return f"{visible_name(folder or 'the workspace')} holds {_holds(workspace.entries(folder))}"
        except DemiurgicError:
            continue
    return ""


def _holds(entries: Sequence[Entry]) -> str:
    names = [visible_name(entry.path.rpartition("/")[2]) + "/" * entry.is_folder for entry in entries]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more if names else "nothing"
