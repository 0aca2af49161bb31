"""What became of ghost texts, noted on this machine and sent nowhere: it teaches a model what its user likes."""

import json
import os
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from demiurgic_lsp.completion.hole import Hole, typed_since

Verdict = Literal["accepted", "partial", "rejected"]

_MOST = 256
"""Texts that were shown and of which nothing has been heard yet."""
_AROUND = 2000
"""Letters of the text around a place that are noted."""
_LARGEST = 64 * 2**20
"""Bytes of a month's notes beyond which there are no more."""


@dataclass(frozen=True, slots=True)
class Note:
    """One ghost text, where it was shown, and what became of it."""

    at: float
    path: str
    language: str
    above: str
    left: str
    right: str
    below: str
    text: str
    verdict: Verdict
    length: int
    """So many letters of it were taken."""


@dataclass(frozen=True, slots=True)
class _Shown:
    hole: Hole
    language: str
    text: str


@dataclass(slots=True)
class Journal:
    """Notes in a folder, a file a month, a note a line. Each ghost text gets one verdict, the first."""

    folder: Path
    shown: int = 0
    accepted: int = 0
    _open: "OrderedDict[str, _Shown]" = field(default_factory=lambda: OrderedDict[str, _Shown]())

    def show(self, hole: Hole, language: str, text: str) -> str:
        """A text is about to be shown. Returns the id under which its verdict comes."""
        self._settle(hole)
        known = next((name for name, one in self._open.items() if (one.hole, one.text) == (hole, text)), None)
        if known is not None:
            return known
        self.shown += 1
        name = f"{self.shown}-{time.time_ns()}"
        self._open[name] = _Shown(hole, language, text)
        if len(self._open) > _MOST:
            self._open.popitem(last=False)
        return name

    def judge(self, name: str, verdict: Verdict, length: int | None, *, write: bool) -> None:
        """This is what became of it. Unknown ids, such as those of long ago, are passed over."""
        one = self._open.pop(name, None)
        if one is None:
            return
        taken = len(one.text) if length is None else length
        self.accepted += verdict != "rejected"
        if not write:
            return
        hole = one.hole
        above, below = hole.above[-_AROUND:], hole.below[:_AROUND]
        note = Note(time.time(), hole.path, one.language, above, hole.left, hole.right, below, one.text, verdict, taken)
        self._append(json.dumps(asdict(note), ensure_ascii=False))

    def _settle(self, hole: Hole) -> None:
        """A text whose place was typed on is forgotten: whether it was disliked or only late, nobody can say."""
        for name, one in list(self._open.items()):
            typed = typed_since(one.hole.before, hole.before) if one.hole.path == hole.path else None
            if typed is not None and not one.text.startswith(typed):
                del self._open[name]

    def _append(self, line: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / time.strftime("%Y-%m.jsonl")
        if path.exists() and path.stat().st_size > _LARGEST:
            return
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(f"{line}\n")
