"""What can be completed while one types: commands, their arguments, and `@file` names of the workspace."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from demiurgic.errors import DemiurgicError
from demiurgic.repl.commands import COMMANDS
from demiurgic.workspace.protocol import Workspace
from demiurgic.workspace.shown import visible_name

_FILE = re.compile(r'(?:^|\s)@("[^"\n]*|[^\s"]*)$')
"""A name with a blank in it stands between quotes."""
_MOST_FILES = 50_000
_MOST_SHOWN = 40
_FRESH = 3.0

Arguments = Mapping[str, Callable[[], Sequence[str]]]
"""What may stand behind a command, by its name."""


class FileNames:
    """The files of a workspace, as git would list them, looked up anew when some time has gone by."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._names: list[str] = []
        self._until = 0.0

    def like(self, wanted: str) -> list[str]:
        """Those that fit, the best first: by the beginning of the path, of the name, then anywhere."""
        if time.monotonic() > self._until:
            self._names = self._walked()
            self._until = time.monotonic() + _FRESH
        key = wanted.casefold()
        ranked = [(_rank(name.casefold(), key), len(name), name) for name in self._names]
        return [name for rank, _, name in sorted(ranked) if rank < _NO][:_MOST_SHOWN]

    def _walked(self) -> list[str]:
        names: list[str] = []
        try:
            for entry in self._workspace.walk():
                # A name with something hidden in it cannot be typed.
                if entry.path == visible_name(entry.path) and '"' not in entry.path:
                    names.append(entry.path)
                if len(names) >= _MOST_FILES:
                    break
        except DemiurgicError:
            return names  # a folder that cannot be read completes to nothing
        return names


class ReplCompleter(Completer):
    """Completes a line of the REPL."""

    def __init__(self, files: Callable[[], FileNames | None], arguments: Arguments) -> None:
        """`files` is None until the workspace is open."""
        self._files, self._arguments = files, arguments

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        text = document.text_before_cursor
        if found := _FILE.search(text):
            names = self._files()
            for name in names.like(found[1].removeprefix('"')) if names else ():
                quoted = f'"{name}"' if " " in name else name
                yield Completion(quoted, -len(found[1]), display=name)
        elif text.startswith("/") and "\n" not in text:
            yield from self._command(text)

    def _command(self, text: str) -> Iterator[Completion]:
        name, space, argument = text.partition(" ")
        if not space:
            for command in COMMANDS.values():
                if command.name.startswith(name):
                    yield Completion(command.name, -len(name), display_meta=command.help)
        elif name in self._arguments:
            for value in self._arguments[name]():
                if value.startswith(argument):
                    yield Completion(value, -len(argument))


_NO = 9


def _rank(name: str, wanted: str) -> int:
    if name.startswith(wanted):
        return 0
    if name.rpartition("/")[2].startswith(wanted):
        return 1
    if wanted in name:
        return 2
    letters = iter(name)
    return 3 if all(letter in letters for letter in wanted) else _NO
