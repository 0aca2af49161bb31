"""By which names editors know conversations.

To go on with another model makes a copy of a conversation. The editor goes on in it under the old name, and must find
it again under that name when it opens it the next time.
"""

from pathlib import Path

from demiurgic.agent.sessions.shelf import Shelf
from demiurgic.workspace.state import project_folder
from demiurgic_models.files import write_beside


class Names:
    """Those of one folder. Each name has a file of its own, so that any number of editors may write."""

    def __init__(self, state_dir: Path, folder: Path) -> None:
        self._shelf = Shelf(state_dir, folder)
        self._folder = project_folder(state_dir, folder) / "editors"

    def meant(self, name: str) -> str:
        """The conversation that an editor knows by this name. Raises NoSuchSession for what can be no name."""
        self._shelf.path(name)
        try:
            return (self._folder / name).read_text("ascii")
        except FileNotFoundError:
            return name

    def note(self, name: str, now: str) -> None:
        """From here on the name means another conversation."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write_beside(self._folder / name, now)
