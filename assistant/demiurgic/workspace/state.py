"""Where the program keeps what belongs to one folder of the user: outside of it, under a name made from its path."""

import ast
import hashlib
import os
from contextlib import suppress
from pathlib import Path

from demiurgic.errors import WorkspaceError

_LETTERS = 20


def project_folder(state_dir: Path, root: Path) -> Path:
    """The folder for what is remembered about `root`, made if it is not there. Only its owner can read it."""
    real = root.resolve()
    name = hashlib.sha256(os.fsencode(real)).hexdigest()[:_LETTERS]
    folder = state_dir / "projects" / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError), (folder / "folder").open("x", encoding="ascii") as note:
            note.write(ascii(str(real)) + "\n")
    except OSError as error:
        raise WorkspaceError(
            f"{folder} cannot be made: {error.strerror}", "set state_dir to a folder that you can write to"
        ) from error
    return folder


def known_projects(state_dir: Path) -> list[Path]:
    """The folders of which something is remembered."""
    named = (_named_in(note) for note in (state_dir / "projects").glob("*/folder"))
    return [folder for folder in named if folder is not None]


def _named_in(note: Path) -> Path | None:
    try:
        return Path(ast.literal_eval(note.read_text("ascii")))
    except (OSError, ValueError, SyntaxError):  # a crash left it half written: nobody can know which folder it was
        return None
