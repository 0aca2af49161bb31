"""Editors on this machine that can use the language server or the agent."""

import re
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from demiurgic.cli.doctor.finding import Finding, said_by

_EDITORS = {
    "VS Code": ("code", "codium", "code-server"),
    "Neovim": ("nvim",),
    "Emacs": ("emacs",),
    "Helix": ("hx", "helix"),
    "Zed": ("zed", "zeditor"),
}
_TELL_AT_ONCE = ("Neovim", "Emacs", "Helix")
"""The others start half of a browser to say their version."""
_PATIENCE = 3


def look() -> Iterator[Finding]:
    """All of them in one line. None is needed."""
    with ThreadPoolExecutor() as pool:
        found = [words for words in pool.map(_found, _EDITORS) if words]
    if found:
        yield Finding("editors", True, ", ".join(found))
        return
    advice = f"{', '.join(_EDITORS)} can use `demiurgic lsp` or `demiurgic acp`"
    yield Finding("editors", False, "none found on PATH", advice=advice)


def _found(editor: str) -> str:
    program = next((path for name in _EDITORS[editor] if (path := shutil.which(name))), None)
    if program is None:
        return ""
    said = said_by([program, "--version"], _PATIENCE) if editor in _TELL_AT_ONCE else None
    version = re.search(r"\d+(\.\d+)+", said or "")
    return f"{editor} {version[0]}" if version else f"{editor} ({program})"
