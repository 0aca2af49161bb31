"""Reads a dialect in which a call begins with a line that holds the tool's name: what GLM-4 and ChatGLM3 share.

A turn of these families is a line, empty before an answer, and then the content. The break that ends the empty line
belongs to the format and not to the answer.
"""

import re
from abc import abstractmethod

from demiurgic.templates.dialects.enforcing import require_plain
from demiurgic.templates.dialects.lark import literal
from demiurgic.templates.dialects.reading import CUT_OFF, ReplyScanner
from demiurgic.templates.dialects.tape import BLANKS, Brackets, Scan

BREAK = "\n"
_WORD = re.compile(r"[A-Za-z_][\w.-]{0,63}")


def name_line(name: str) -> str:
    """An expression for the line that begins a call. Raises BadSchema for a name that no line can hold."""
    require_plain(name, BREAK)
    return literal(name + BREAK)


class NamedLines(ReplyScanner):
    """The first line decides: a known name, or a single word, may begin a call."""

    header = "\n"
    """What stands between the turn's opening and an answer."""

    @abstractmethod
    def _body(self, name: str, before: str, *, native: bool) -> Scan[None]:
        """Read what follows the name's line, and say `before` if that is no call."""

    def _calls(self) -> Scan[None]:
        blanks = yield from self._tape.run("\n ")
        answer = blanks
        for char in self.header:
            answer = answer.removeprefix(char)
        name, whole = yield from self._line(known_only=bool(blanks))
        if whole:
            yield from self._body(name, answer + name + "\n", native=not blanks)
        else:
            self._events.said(answer + name)

    def _line(self, *, known_only: bool) -> Scan[tuple[str, bool]]:
        """The first line while it may be a name, and whether it is one, its break included."""
        held = ""
        while True:
            char = yield from self._tape.take()
            if char == "\n" and (held in self._toolbox or (not known_only and _WORD.fullmatch(held))):
                return held, True
            held += char
            word = not known_only and _WORD.fullmatch(held)
            if not char or not (word or any(name.startswith(held) for name in self._toolbox.names)):
                return held, False

    def _value(self, brackets: Brackets, *, stream: bool) -> Scan[tuple[str, str]]:
        """A bracketed value from here on, and how it ended: closed, wrong, or open where the reply was cut."""
        chars: list[str] = []
        state = "open"
        while state == "open" and (char := (yield from self._tape.take())):
            state = brackets.put(char)
            chars.append(char)
            if stream:
                self._events.call_text(char)
        return "".join(chars), state

    def _fail(self, name: str, raw: str, state: str, problem: str) -> Scan[None]:
        """The rest of the reply belongs to a call that cannot be read."""
        rest: list[str] = []
        yield from self._tape.until((), rest.append)
        self._broken(name, raw + "".join(rest), CUT_OFF if state == "open" else problem)

    def _end(self) -> Scan[None]:
        """Blanks that end the reply after a call are not an answer."""
        blanks = yield from self._tape.run(BLANKS)
        self._tape.give_back(blanks if (yield from self._tape.peek()) else "")
