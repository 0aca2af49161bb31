"""Files that the user names: their text goes with what was said, so that no reply is spent on asking for it.

`@path`, or `@"a path"`, always means a file, and one that cannot go along is told of. A small model also gets files
that are named in passing: it would rather guess what they hold than read them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from demiurgic.errors import DemiurgicError
from demiurgic.tools.protocol import Budget
from demiurgic.workspace.protocol import Workspace

_NAMED = re.compile(
    r"""(?<![\w/.-])(?:@"(?P<quoted>[^"\n]+)"|(?P<at>@?)(?P<plain>(?:[\w.-]+/)*[\w.-]*\w\.\w{1,10}|(?<=@)[\w./-]+))"""
)
_LIKE_A_FILE = re.compile(r"\w{2}\.[a-z]\w*$")
"""Not `0.19`, `U.S.A` or `e.g`."""
_LARGEST = 100_000
_MOST = 5


@dataclass(frozen=True, slots=True)
class Attachment:
    """What goes with the user's words for one file: its text, or a word on why it is not shown."""

    path: str
    text: str
    shown: bool


def mentioned(text: str, workspace: Workspace, *, in_passing: bool) -> list[str]:
    """Paths of files that exist, in the order in which the text names them."""
    named = list(_names(text))
    meant = {path for path, at in named if at}
    found = (path for path, at in named if at or in_passing)
    return [path for path in dict.fromkeys(found) if _is_file(workspace, path, meant=path in meant)][:_MOST]


def missing(text: str, workspace: Workspace) -> list[str]:
    """Paths with an ending that the text names and that lead to nothing."""
    found = dict.fromkeys(path for path, _ in _names(text) if _LIKE_A_FILE.search(path))
    return [path for path in found if _is_free(workspace, path)][:_MOST]


def _names(text: str) -> Iterator[tuple[str, bool]]:
    """Paths that a text may mean, and whether they stand behind an `@`."""
    for match in _NAMED.finditer(text):
        plain = (match["plain"] or "").rstrip(".")
        yield match["quoted"] or plain, bool(match["quoted"] or match["at"])


def attached(paths: Iterable[str], workspace: Workspace, budget: Budget) -> Iterator[Attachment]:
    """These files, as far as the budget reaches."""
    left = budget.tokens
    for path in paths:
        text, problem = _text(path, workspace)
        block = f"{path} is now:\n```\n{text}\n```"
        size = budget.count(block)
        if not problem and size > left:
            problem = f"{path} is not attached: it has {size} tokens, and {left} fit; read the part that matters"
        if not problem:
            left -= size
        yield Attachment(path, problem or block, shown=not problem)


def _text(path: str, workspace: Workspace) -> tuple[str, str]:
    """What a file holds, or why that cannot go along."""
    try:
        data = workspace.read(path, _LARGEST + 1)
    except DemiurgicError as error:
        return "", error.message
    if b"\0" in data:
        return "", f"{path} is not attached: it is no text"
    if len(data) > _LARGEST:
        return "", f"{path} is not attached: it is too long; read the part that matters"
    return data.decode("utf-8", "replace").removesuffix("\n"), ""


def _is_free(workspace: Workspace, path: str) -> bool:
    try:
        return workspace.stat(workspace.relative(path)) is None
    except DemiurgicError:
        return False


def _is_file(workspace: Workspace, path: str, *, meant: bool) -> bool:
    try:
        entry = workspace.stat(workspace.relative(path))
    except DemiurgicError:
        return False
    if entry is None or entry.is_folder:
        return False
    return meant or (not entry.is_link and entry.size <= _LARGEST)
