"""What a path in a tool call means: which file, as it will be judged, shown and opened."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demiurgic.errors import DemiurgicError, OutsideWorkspace, ToolFailed
from demiurgic.workspace.beneath import LocalWorkspace
from demiurgic.workspace.protocol import Workspace
from demiurgic.workspace.shown import visible_name


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is read: `path` beneath `files`. Links are resolved: this is what is opened."""

    files: Workspace
    path: str
    target: str
    """What permissions judge: relative to the workspace, or absolute outside of it."""

    @property
    def shown(self) -> str:
        return visible_name(self.target or ".")


def place_to_read(workspace: Workspace, path: str) -> Place:
    """A file or folder, in the workspace or outside of it."""
    with telling_the_model():
        try:
            inside = workspace.real(_meant(workspace, workspace.relative(path)))
            return Place(workspace, inside, inside)
        except OutsideWorkspace:
            machine = LocalWorkspace(Path("/"))
            real = machine.real(str((workspace.root / Path(path).expanduser()).resolve()))
            return Place(machine, real, f"/{real}")


def place_to_write(workspace: Workspace, path: str) -> str:
    """A file in the workspace. What lies outside is never written."""
    with telling_the_model():
        inside = _meant(workspace, workspace.relative(path))
        if not inside:
            raise ToolFailed("the path names the folder itself; name a file in it")
        if (real := workspace.real(inside)) != inside:
            raise ToolFailed(f"{visible_name(inside)} goes through a link", f"write to {visible_name(real)}")
        return inside


@contextmanager
def telling_the_model() -> Generator[None]:
    """What goes wrong inside is the model's to hear."""
    try:
        yield
    except ToolFailed:
        raise
    except DemiurgicError as error:
        raise ToolFailed(error.message, error.hint) from error


def _meant(workspace: Workspace, path: str) -> str:
    """A name with odd characters was shown to the model spelled out, and comes back that way."""
    if "\\" not in path or workspace.stat(path):
        return path
    here = ""
    for name in path.split("/"):
        shown = {visible_name(entry.path.rpartition("/")[2]): entry.path for entry in workspace.entries(here)}
        if name not in shown:
            return path
        here = shown[name]
    return here
