"""From what is to be shown to the characters that a terminal takes: colours where there are any, none elsewhere.

Only the sixteen colours that every terminal lets its user choose, so that light and dark ones both stay readable.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from io import StringIO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.text import Text

_TAB = 4
_TALL = 1000
_NARROWEST = 20


@dataclass(frozen=True, slots=True)
class Ink:
    """What a terminal can show: nothing but text, text with weights, or colours too."""

    escapes: bool
    colours: bool

    def paint(self, blocks: Iterable[RenderableType], width: int) -> str:
        """The blocks below one another, each with its line end. Lines hold at most `width` cells."""
        out = StringIO()
        console = Console(
            file=out,
            width=max(_NARROWEST, width),
            height=_TALL,
            force_terminal=self.escapes,
            color_system="standard" if self.colours else None,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
            _environ={},
        )
        for block in blocks:
            console.print(block)
        return out.getvalue()


@dataclass(frozen=True, slots=True)
class Hanging:
    """A text behind a sign: its further lines begin below its first letter, not below the sign."""

    sign: Text
    body: Text
    cropped: bool = False
    """One line only, cut where it does not fit."""
    end: Text = field(default_factory=Text)
    """Stands behind a cropped text and is never cut."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = max(1, options.max_width - self.sign.cell_len - self.end.cell_len)
        body = self.body.copy()
        body.expand_tabs(_TAB)
        if self.cropped:
            body.truncate(room, overflow="ellipsis")
            body.append_text(self.end)
            room += self.end.cell_len
        lines = body.wrap(console, room) if body.plain else [body]
        indent = Text(" " * self.sign.cell_len)
        for number, line in enumerate(lines):
            line.rstrip()
            yield Text.assemble(indent if number else self.sign, line, no_wrap=True, overflow="ignore")


def line(text: str, style: str = "", indent: int = 0) -> Hanging:
    """A text that stands by itself."""
    return Hanging(Text(" " * indent), Text(text, style))
