"""Which folders agents may work in."""

import os
from collections.abc import Sequence
from pathlib import Path

from demiurgic_server.problems import BadField, Refused


def workspace_of(text: str, roots: Sequence[Path]) -> Path:
    """The folder that a client names, links followed. Raises Refused, or BadField where there is none.

    What lies outside the roots is refused in the same words whether it is there or not.
    """
    if not roots:
        raise Refused(403, "no agents work here", "start the server with --allow-agents DIR")
    path = Path(text)
    if "\0" in text or ".." in path.parts or not path.is_absolute():
        raise BadField("workspace", "workspace: an absolute path without .. is expected")
    folder = Path(os.path.realpath(path))
    if not any(folder.is_relative_to(root) for root in roots):
        raise Refused(403, f"{text} does not lie beneath a folder where agents may work")
    if not _is_folder(folder):
        raise BadField("workspace", f"workspace: {text} is no folder")
    return folder


def overlap(one: Path, other: Path) -> bool:
    """Whether two agents could write the same files there."""
    return one.is_relative_to(other) or other.is_relative_to(one)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # such as a name that is too long for any file
        return False
