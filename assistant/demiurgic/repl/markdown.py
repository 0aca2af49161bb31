"""Markdown as it comes: a line is shown for good as soon as it is whole, so nothing shown is ever drawn again.

Only the line that is still being written, and a table until its last row, are in motion. Lines are not joined to
paragraphs, and marks that reach over several lines are not understood.
"""

import re
from dataclasses import dataclass
from typing import Protocol

from rich.console import RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from demiurgic.repl.code import CodeLines
from demiurgic.repl.ink import Hanging, line
from demiurgic.repl.inline import inline
from demiurgic.workspace.shown import visible

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})\s*(?P<language>[\w+#.-]*)[^`]*$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_ITEM = re.compile(r"^(?P<indent>\s*)(?P<sign>[-*+]|\d{1,9}[.)])\s+(?:\[(?P<box>[ xX])\]\s+)?(?P<text>.*)$")
_RULE = re.compile(r"^\s*(?:-\s*){3,}$|^\s*(?:\*\s*){3,}$|^\s*(?:_\s*){3,}$")
_QUOTE = re.compile(r"^\s*>\s?(.*)$")
_CELLS = re.compile(r"(?<!\\)\|")
_DASHES = re.compile(r"^\s*:?-+:?\s*$")


class Prose(Protocol):
    """An answer that is being written."""

    def feed(self, text: str) -> list[RenderableType]:
        """More of it. Returns what is now finished."""
        ...

    def live(self) -> list[RenderableType]:
        """What is not finished yet, as it looks now."""
        ...

    def close(self) -> list[RenderableType]:
        """The rest: there will be no more."""
        ...


@dataclass(slots=True)
class _Fence:
    mark: str
    indent: int
    code: CodeLines


class Markdown:
    """Satisfies `Prose`."""

    def __init__(self) -> None:
        self._line = ""
        self._fence: _Fence | None = None
        self._table: list[str] = []
        self._blank, self._begun = False, False

    def feed(self, text: str) -> list[RenderableType]:
        *lines, self._line = (self._line + text).split("\n")
        return [block for each in lines for block in self._whole(visible(each.removesuffix("\r")))]

    def live(self) -> list[RenderableType]:
        text = visible(self._line.removesuffix("\r"))
        blocks = [_table(self._table)] if self._table else []
        if self._fence is not None:
            return [*blocks, _code(self._fence.code.preview(text))]
        return [*blocks, _shown(text)] if text.strip() else blocks

    def close(self) -> list[RenderableType]:
        rest, self._line = visible(self._line.removesuffix("\r")), ""
        blocks = [*(self._whole(rest) if rest.strip() else ()), *self._end_of_table()]
        self._fence = None
        return blocks

    def _whole(self, text: str) -> list[RenderableType]:
        """What a line that is complete makes ready."""
        if self._fence is not None:
            return self._in_fence(self._fence, text)
        if text.lstrip().startswith("|"):
            self._table.append(text)
            return self._spaced([])
        before = self._end_of_table()
        if fence := _FENCE.match(text):
            self._fence = _Fence(fence["fence"], len(fence["indent"]), CodeLines(fence["language"]))
            self._blank = self._begun  # code stands apart from what is before it
            return before
        if not text.strip():
            self._blank = self._begun
            return before
        return [*before, *self._spaced([_shown(text)])]

    def _in_fence(self, fence: _Fence, text: str) -> list[RenderableType]:
        bare = text.strip()
        if bare.startswith(fence.mark) and not bare.strip(fence.mark[0]):
            self._fence, self._blank = None, True
            return []
        cut = min(fence.indent, len(text) - len(text.lstrip()))
        return self._spaced([_code(fence.code.line(text[cut:]))])

    def _end_of_table(self) -> list[RenderableType]:
        rows, self._table = self._table, []
        return [_table(rows)] if rows else []

    def _spaced(self, blocks: list[RenderableType]) -> list[RenderableType]:
        """The blocks, with the empty line before them that is due."""
        gap: list[RenderableType] = [Text()] if self._blank else []
        self._blank, self._begun = False, True
        return [*gap, *blocks]


class PlainProse:
    """Satisfies `Prose`: whole lines as they were written, for programs and for terminals that can do nothing."""

    def __init__(self) -> None:
        self._line = ""

    def feed(self, text: str) -> list[RenderableType]:
        *lines, self._line = (self._line + text).split("\n")
        return [Text(visible(each.removesuffix("\r"))) for each in lines]

    def live(self) -> list[RenderableType]:
        return []

    def close(self) -> list[RenderableType]:
        rest, self._line = self._line, ""
        return [Text(visible(rest))] if rest.strip() else []


def _code(text: Text) -> RenderableType:
    return Hanging(Text("    "), text)


def _shown(text: str) -> RenderableType:
    """A line outside of code and tables."""
    if heading := _HEADING.match(text):
        return Hanging(Text(), inline(heading[2], "bold cyan" if len(heading[1]) < 3 else "bold"))
    if _RULE.match(text):
        return Rule(style="dim", characters="─")
    if item := _ITEM.match(text):
        sign = "•" if item["sign"] in "-*+" else item["sign"]
        box = {None: "", " ": "☐ "}.get(item["box"], "☑ ")
        return Hanging(Text(f"{item['indent']}{sign} {box}"), inline(item["text"]))
    if quote := _QUOTE.match(text):
        return Hanging(Text("│ ", "dim"), inline(quote[1], "italic"))
    return Hanging(Text(text[: len(text) - len(text.lstrip())]), inline(text.strip()))


def _table(rows: list[str]) -> RenderableType:
    cells = [[cell.strip().replace("\\|", "|") for cell in _CELLS.split(row.strip().strip("|"))] for row in rows]
    if len(cells) < 2 or not all(_DASHES.match(cell) for cell in cells[1]):
        return line("\n".join(rows))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for number, head in enumerate(cells[0]):
        ends = cells[1][number : number + 1] or [""]
        table.add_column(inline(head), justify="right" if ends[0].endswith(":") else "left", overflow="fold")
    for row in cells[2:]:
        table.add_row(*(inline(cell) for cell in [*row, *[""] * len(cells[0])][: len(cells[0])]))
    return table
