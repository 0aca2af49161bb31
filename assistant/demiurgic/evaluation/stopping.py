"""Notices, while a model still writes, that the function it was asked for is complete.

What comes behind it is examples, tests and talk. Stopping by syntax saves their tokens, and unlike stop texts it
neither cuts a comment within the function nor misses an end that is spelled otherwise.
"""

import ast
import re

_GOES_ON = re.compile(r"(?:def|class|async|import|from|@)\b|@|#|[A-Za-z_]\w*\s*(?:=[^=]|:)")
_UNDECIDED = re.compile(r"[A-Za-z_]\w*\s*=?")
_FENCE = re.compile(r"^[ \t]*```[^\n]*\n", re.MULTILINE)


class EndOfFunction:
    """Watches one answer."""

    def __init__(self, entry_point: str, *, begun: bool, before: str = "") -> None:
        """`begun`: the answer begins with code, not with prose. `before`: what the answer continues, where the
        function's head stands in the prompt."""
        self._head = re.compile(rf"^(?:async\s+)?def\s+{re.escape(entry_point)}\b", re.MULTILINE)
        self._begun, self._before = begun, before
        self._looked = 0

    def place(self, text: str) -> int | None:
        """Where the answer should end, if that can be said by now; the same answer, longer each time."""
        start = self._code_start(text)
        if start is None:
            return None
        head = self._head.search(text, start)
        if head is None and not self._before:
            return None
        first = head.end() if head else start
        for line in re.finditer(r"\n(?=[^\s])", text[max(first, self._looked - 1) :]):
            at = max(first, self._looked - 1) + line.start()
            if not self._decided(text, at + 1):
                self._looked = at
                return None
            if self._ends(text, at + 1) and self._whole(text[start:at]):
                return at
        self._looked = len(text)
        return None

    def _code_start(self, text: str) -> int | None:
        if self._begun:
            return 0
        fence = _FENCE.search(text)
        return fence.end() if fence else None

    def _decided(self, text: str, at: int) -> bool:
        """Whether enough of the line is there to tell what it is."""
        line = text[at:]
        return "\n" in line or not (_UNDECIDED.fullmatch(line) or line in ("`", "``"))

    def _ends(self, text: str, at: int) -> bool:
        if text.startswith("```", at):
            return True
        return bool(self._before) or not _GOES_ON.match(text, at)

    def _whole(self, code: str) -> bool:
        try:
            ast.parse(self._before + code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        return True
