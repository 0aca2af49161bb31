"""Reading a reply character by character, so that it cannot matter how the text was cut.

A scan is a generator that is sent one character at a time and "" for ever once the reply is over. Scans are written
like ordinary code that blocks, and each looks at a character a bounded number of times.
"""

from collections.abc import Callable, Generator
from typing import Literal, TypeAlias, TypeVar

from demiurgic.templates.protocol import CallText, ReadEvent, Said, Thought

Result = TypeVar("Result")
Scan: TypeAlias = Generator[None, str, Result]
Keep: TypeAlias = Callable[[str], None]

BLANKS = " \t\r\n"


class Tape:
    """What a scan reads from. Characters that it looked at in vain can be given back."""

    def __init__(self) -> None:
        self._returned: list[str] = []

    def take(self) -> Scan[str]:
        """The next character, or "" once the reply is over."""
        if self._returned:
            return self._returned.pop()
        return (yield)

    def give_back(self, text: str) -> None:
        self._returned.extend(reversed(text))

    def peek(self) -> Scan[str]:
        """The next character, which is not taken."""
        char = yield from self.take()
        self.give_back(char)
        return char

    def run(self, chars: str) -> Scan[str]:
        """All that follows and consists of these characters."""
        found: list[str] = []
        while (char := (yield from self.take())) and char in chars:
            found.append(char)
        self.give_back(char)
        return "".join(found)

    def until(self, tags: tuple[str, ...], keep: Keep) -> Scan[str]:
        """Pass text on to `keep` up to the first of `tags`, and return that tag; "" if none came.

        Holds back only what may still become a tag. No tag may begin another.
        """
        held = ""
        firsts = {tag[0] for tag in tags}
        while char := (yield from self.take()):
            if not held and char not in firsts:
                keep(char)
                continue
            held += char
            while held and not any(tag.startswith(held) for tag in tags):
                keep(held[0])
                held = held[1:]
            if held in tags:
                return held
        keep(held)
        return ""

    def match(self, text: str) -> Scan[bool]:
        """Take `text` if it stands here, and nothing otherwise."""
        held = ""
        while held != text:
            char = yield from self.take()
            held += char
            if not char or not text.startswith(held):
                self.give_back(held)
                return False
        return True


class Events:
    """What was read so far; neighbouring pieces of one kind become one."""

    def __init__(self) -> None:
        self._settled: list[ReadEvent] = []
        self._kind: type[Thought | Said | CallText] = Said
        self._parts: list[str] = []

    def _put(self, kind: type[Thought | Said | CallText], text: str) -> None:
        if kind is not self._kind:
            self._settle()
            self._kind = kind
        if text:
            self._parts.append(text)

    def thought(self, text: str) -> None:
        self._put(Thought, text)

    def said(self, text: str) -> None:
        self._put(Said, text)

    def call_text(self, text: str) -> None:
        self._put(CallText, text)

    def add(self, event: ReadEvent) -> None:
        self._settle()
        self._settled.append(event)

    def drain(self) -> list[ReadEvent]:
        self._settle()
        events, self._settled = self._settled, []
        return events

    def _settle(self) -> None:
        if self._parts:
            self._settled.append(self._kind("".join(self._parts)))
            self._parts = []


class Brackets:
    """Follows the brackets and strings of a value while its characters arrive.

    Sound values are told from unsound ones later, by a real parser; this only finds where they end.
    """

    DEEPEST = 64

    def __init__(self, quotes: str = '"', foreign: str = "<`") -> None:
        self._quotes = quotes
        self._foreign = foreign
        self._open: list[str] = []
        self._escaped = False
        self.quote = ""
        """The quote that ends the string we are in."""

    @property
    def depth(self) -> int:
        return len(self._open)

    def put(self, char: str) -> Literal["open", "closed", "wrong"]:
        """Take in the next character: is the value still open, closed by it, or no value at all?"""
        if self.quote:
            if self._escaped:
                self._escaped = False
            elif char == "\\":
                self._escaped = True
            elif char == self.quote:
                self.quote = ""
            return "open"
        return self._outside(char)

    def _outside(self, char: str) -> Literal["open", "closed", "wrong"]:
        if char in self._quotes:
            self.quote = char
        elif char in "{[(":
            self._open.append("}])"["{[(".index(char)])
            return "wrong" if self.depth > self.DEEPEST else "open"
        elif char in "}])":
            if not self._open or self._open.pop() != char:
                return "wrong"
            return "open" if self._open else "closed"
        return "wrong" if char in self._foreign else "open"
