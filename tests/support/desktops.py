"""Real editors at a screen, with the configuration that a page of docs/editors gives them and a project to work in."""

import os
import re
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.screens import Screen, screen

ADD = 'def add(first, second):\n    """The sum of two numbers."""\n    return \n\n\nprint(add(1, 2))\n'
ADDED = ADD.replace("return ", "return first + second")
BARE = "def add(first, second):\n    return first + second\n"

_COLUMNS, _ROWS = 100, 30
_PATIENCE = 180.0
"""An action is many tokens long, and the machine may be busy."""
_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class Desktop:
    """One that is open."""

    screen: Screen
    file: Path

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names of them; what is no such name is typed."""
        self.screen.keys(*keys)

    def sees(self, pattern: str) -> str:
        """Wait until the screen matches; returns it."""
        return self.screen.wait_for(pattern, _PATIENCE)

    def until(self, pattern: str, *keys: str) -> None:
        """Press keys again and again until the screen matches: for what works only once the server is there."""
        deadline = time.monotonic() + _PATIENCE
        while not re.search(pattern, shown := self.screen.shown()):
            assert time.monotonic() < deadline, f"no {pattern!r} in:\n{shown}"
            self.press(*keys)
            time.sleep(_PAUSE)

    def saved(self, expected: str) -> str:
        """Wait until the file holds this. Returns all of it."""
        deadline = time.monotonic() + _PATIENCE
        while expected not in (text := self.file.read_text("utf-8")):
            assert time.monotonic() < deadline, f"no {expected!r} in:\n{text}\n\nThe screen:\n{self.screen.shown()}"
            time.sleep(0.05)
        return text


@contextmanager
def desktop(folder: Path, editor: Path, configuration: Mapping[str, str], model: Path, text: str) -> Generator[Desktop]:
    """An editor that has opened sums.py. `configuration` has files of the home folder by their names."""
    home, project = folder / "home", folder / "project"
    for path, content in {home / name: content for name, content in configuration.items()}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    (project / ".git").mkdir(parents=True)
    programs = home / "bin"
    programs.mkdir()
    (programs / "demiurgic").symlink_to(Path(sys.executable).parent / "demiurgic")
    file = project / "sums.py"
    file.write_text(text, "utf-8")
    env = {
        "HOME": str(home),
        "PATH": f"{programs}:{os.defpath}",  # no other language servers
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "DEMIURGIC_MODEL": str(model),
        **{f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "STATE", "DATA")},
        "XDG_CONFIG_HOME": str(home / ".config"),
    }
    with screen([str(editor), file.name], env, str(project), _COLUMNS, _ROWS) as opened:
        yield Desktop(opened, file)
