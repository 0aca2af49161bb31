"""What commands that begin with a slash answer, in an editor's panel: Markdown instead of a terminal's blocks."""

from collections.abc import Callable

from demiurgic.repl.commands import COMMANDS, SlashCommand, find_command
from demiurgic.repl.items import Facts, Notice, Printed, Rows, Shown
from demiurgic.tools.protocol import DiffView
from demiurgic.workspace.shown import visible
from demiurgic_lsp.acp.looks import fenced
from demiurgic_lsp.views import diff_lines

OFFERED = tuple(command for command in COMMANDS.values() if command.anywhere)
"""Those that an editor can offer. For conversations, old and new, editors have lists and buttons of their own."""


def offered(name: str) -> SlashCommand | None:
    """The command of this name, if it is one of them."""
    command = find_command(name)
    return command if command in OFFERED else None


class Panel:
    """Satisfies `Front`."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def show(self, item: Shown) -> None:
        """Say it."""
        match item:
            case Notice(text):
                self._say(f"{visible(text)}\n\n")
            case Printed(text):
                self._say(f"{fenced(visible(text))}\n\n")
            case Rows(rows, title):
                lines = ["  ".join(row) for row in rows]
                self._say(f"{title}\n{fenced(visible(chr(10).join(lines)))}\n\n".lstrip())
            case DiffView():
                self._say(f"{fenced(chr(10).join(diff_lines(item)), 'diff')}\n\n")
            case _:  # no command shows events of a turn
                pass

    def tell(self, facts: Facts) -> None:
        """There is no status line."""

    def prefill(self, text: str) -> None:
        """What is typed is the editor's."""
