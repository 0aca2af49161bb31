"""What a tool call looks like in an editor: its kind, its title, the files that it touches and what it would do."""

import os
import re
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import TypeAlias

from acp import text_block, tool_content, tool_diff_content
from acp.schema import (
    ContentToolCallContent,
    FileEditToolCallContent,
    TerminalToolCallContent,
    ToolCallLocation,
    ToolKind,
)

from demiurgic.messages import ToolCall
from demiurgic.repl.calls import headline
from demiurgic.tools.protocol import CommandView, DiffView, TextView, TodoView, View
from demiurgic.tools.textfile import lines_of
from demiurgic.workspace.shown import visible

Content: TypeAlias = ContentToolCallContent | FileEditToolCallContent | TerminalToolCallContent

_KINDS: Mapping[str, ToolKind] = {
    "read": "read",
    "search": "search",
    "list": "search",
    "write": "edit",
    "edit": "edit",
    "rewrite": "edit",
    "rename": "edit",
    "shell": "execute",
    "python": "execute",
    "fetch": "fetch",
    "todo": "think",
    "task": "think",
}
_MOST = 20_000
"""Characters of a text that are shown: the rest of it helps nobody who looks at a panel."""


def kind_of(name: str) -> ToolKind:
    """The kind of a tool; servers' tools are none of the known ones."""
    return _KINDS.get(name, "other")


def title_of(call: ToolCall, view: View) -> str:
    """What it is, in one line."""
    return headline(call.name, view).plain


def locations_of(call: ToolCall, view: View, root: Path) -> list[ToolCallLocation]:
    """The file that it is about, and the line where something happens, so that an editor can follow."""
    if isinstance(view, DiffView):
        return [ToolCallLocation(path=_absolute(root, view.path), line=_first_changed(view))]
    path, line = call.arguments.get("path"), call.arguments.get("offset")
    if not isinstance(path, str) or not path:
        return []
    return [ToolCallLocation(path=_absolute(root, path), line=line if isinstance(line, int) and line > 0 else None)]


def content_of(view: View, root: Path) -> list[Content]:
    """All of what it would do: what a question shows."""
    match view:
        case DiffView(path, before, after):
            return [tool_diff_content(_absolute(root, path), after or "", before)]
        case CommandView():
            return [said(_command(view), "console")]
        case TextView(_, text, language):
            return [said(visible(text), language)] if text else []
        case TodoView():
            return []


def output_of(view: View, output: str, root: Path) -> list[Content]:
    """What it would do and what it has written, as a terminal would show it."""
    if isinstance(view, CommandView):
        return [said(f"{_command(view)}\n{_end(visible(output))}".rstrip("\n"), "console")]
    return [*content_of(view, root), *([said(_end(visible(output)))] if output.strip() else [])]


def said(text: str, language: str = "") -> Content:
    """A text as it is."""
    return tool_content(text_block(fenced(text, language)))


def fenced(text: str, language: str = "") -> str:
    """A text behind a fence that nothing in it can close."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _command(view: CommandView) -> str:
    where = "" if view.folder == "." else f"# in {view.folder}\n"
    return f"{where}$ {visible(view.command)}"


def _end(text: str) -> str:
    return text if len(text) <= _MOST else f"[…]\n{text[-_MOST:]}"


def _absolute(root: Path, path: str) -> str:
    return os.path.normpath(Path.home() / path[2:] if path.startswith("~/") else root / path)


def _first_changed(view: DiffView) -> int | None:
    """The line, counted from 1, where the file becomes another."""
    if view.before is None or view.after is None:
        return None
    before, after = lines_of(view.before), lines_of(view.after)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    return max(1, min(same + 1, len(after)))
