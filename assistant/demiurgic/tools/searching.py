"""Looks through files on several threads, for as long as is bearable.

The pattern is the model's and may be one that takes for ever: each file has a time limit, and the interpreter goes on
meanwhile. Files are opened beneath the workspace; what is binary is passed over.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

import regex

from demiurgic.errors import ToolFailed, WorkspaceError
from demiurgic.tools.choosing import Choice
from demiurgic.tools.found import KEPT_PER_FILE, NOTHING, PATIENCE, Found, Matches, shown_around
from demiurgic.tools.textfile import decoded, is_binary

_LARGEST = 4 << 20
_MOST_FILES = 500
_PER_FILE = 1.0
_SOON = 1.0
"""A search that takes longer is worth starting another program for."""
_TOGETHER = 64


def understood(pattern: str) -> tuple[regex.Pattern[str], bool]:
    """The pattern, and whether it had to be taken literally because it is no regular expression."""
    try:
        return regex.compile(pattern, regex.MULTILINE), False
    except (regex.error, OverflowError, RecursionError):
        return regex.compile(regex.escape(pattern, literal_spaces=True)), True


@dataclass(frozen=True, slots=True)
class _Job:
    """What every thread needs to know."""

    choice: Choice
    pattern: regex.Pattern[str]
    over: threading.Event = field(default_factory=threading.Event)

    def __call__(self, path: str) -> Matches:
        """Search one file, unless the search is over."""
        try:
            return NOTHING if self.over.is_set() else _search(self.choice, path, self.pattern)
        except TimeoutError as error:
            self.over.set()
            raise ToolFailed("the pattern takes too long to match", "make it simpler") from error


def search_files(
    choice: Choice,
    pattern: regex.Pattern[str],
    cancel: threading.Event,
    faster: Callable[[], Found | None],
    soon: float = _SOON,
) -> Found:
    """All matches, as far as time and memory allow. What is not done soon is left to `faster`, if that can."""
    found = Found()
    begun = time.monotonic()
    tried = False
    paths = choice.readable()
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        while batch := list(islice(paths, _TOGETHER)):
            for matches in pool.map(_Job(choice, pattern), batch):
                found.add(matches)
            spent = time.monotonic() - begun
            found.stopped = _reason_to_stop(found, spent, cancel)
            if found.stopped:
                break
            if spent > soon and not tried:
                tried = True
                if (whole := faster()) is not None:
                    return whole
    return found


def _reason_to_stop(found: Found, spent: float, cancel: threading.Event) -> str:
    if cancel.is_set():
        return "stopped: not all files were searched"
    if len(found.files) >= _MOST_FILES:
        return f"{len(found.files)} files match; the others were not searched"
    if spent > PATIENCE:
        return f"stopped after {PATIENCE:.0f} seconds: name a folder or a glob"
    return ""


def _search(choice: Choice, path: str, pattern: regex.Pattern[str]) -> Matches:
    try:
        data = choice.place.files.saved.read(path, _LARGEST + 1)
    except WorkspaceError:  # it went away, or may not be read
        data = b""
    whole = len(data) <= _LARGEST
    file = None if is_binary(data) else decoded(data[:_LARGEST])
    if file is None:
        return Matches(path, (), 0, searched_all=True)
    numbers = list(_line_numbers(file.text, pattern))
    lines = tuple((number, shown_around(file.text, at)) for number, at in numbers[:KEPT_PER_FILE])
    return Matches(path, lines, len(numbers), whole)


def _line_numbers(text: str, pattern: regex.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Each line with a match once: its number, and where the match begins."""
    number, seen, last = 1, 0, 0
    for match in pattern.finditer(text, concurrent=True, timeout=_PER_FILE):
        number += text.count("\n", seen, match.start())
        seen = match.start()
        if number != last:
            yield number, seen
            last = number
