"""What the readers of all dialects share: thoughts first, then text, then calls.

Calls within thoughts are not calls. Without tools there are no calls, and all that looks like one is text.
"""

from abc import ABC, abstractmethod

from demiurgic.messages import Json
from demiurgic.templates.dialects.tape import BLANKS, Events, Scan, Tape
from demiurgic.templates.dialects.toolbox import Toolbox
from demiurgic.templates.protocol import CallBroken, CallOpened, CallRead, ReadEvent, Reasoning

CUT_OFF = "the call was cut off before it was complete; make it again, shorter"


class ReplyScanner(ABC):
    """A reply reader around one scan of the whole reply."""

    def __init__(self, toolbox: Toolbox, reasoning: Reasoning | None) -> None:
        self._toolbox = toolbox
        self._reasoning = reasoning
        self._tape = Tape()
        self._events = Events()
        self._scan = self._reply()
        next(self._scan)

    def feed(self, text: str) -> list[ReadEvent]:
        for char in text:
            self._scan.send(char)
        return self._events.drain()

    def finish(self) -> list[ReadEvent]:
        try:
            while True:
                self._scan.send("")
        except StopIteration:
            return self._events.drain()

    @abstractmethod
    def _calls(self) -> Scan[None]:
        """Read the answer where tools may be called."""

    def _reply(self) -> Scan[None]:
        yield from self._thoughts()
        if self._toolbox:
            yield from self._calls()
        yield from self._text()

    def _thoughts(self) -> Scan[None]:
        reasoning = self._reasoning
        if not reasoning:
            return
        if not reasoning.prefilled:
            blanks = yield from self._tape.run(BLANKS)
            if not (yield from self._tape.match(reasoning.opener)):
                self._tape.give_back(blanks)
                return
        yield from self._tape.run("\n")
        while (tag := (yield from self._tape.until(("\n", reasoning.closer), self._events.thought))) == "\n":
            breaks = tag + (yield from self._tape.run("\n"))
            if not (yield from self._tape.match(reasoning.closer)):
                self._events.thought(breaks)
                continue
            break
        yield from self._tape.run("\n")

    def _text(self) -> Scan[None]:
        while char := (yield from self._tape.take()):
            self._events.said(char)

    def _opened(self, name: str, arguments: str = "") -> None:
        self._events.add(CallOpened(name))
        self._events.call_text(arguments)

    def _settle(self, name: str, arguments: Json, raw: str, *, native: bool = True) -> None:
        """End the open call as what it turned out to be."""
        problem = self._toolbox.problem(name, arguments)
        self._events.add(CallBroken(name, raw, problem) if problem else CallRead(name, arguments, native))

    def _broken(self, name: str, raw: str, problem: str) -> None:
        self._events.add(CallBroken(name, raw, problem))


class OpenedCalls(ReplyScanner):
    """Reads a dialect in which a tag opens every call.

    `separator` is what the family writes between text and its first call; it belongs to neither.
    """

    opener = "<tool_call>"
    closer = "</tool_call>"
    separator = "\n"

    @abstractmethod
    def _call(self) -> Scan[None]:
        """Read a call whose opener was just taken."""

    def _calls(self) -> Scan[None]:
        tags = self._tags()
        yield from self._at_start()
        while tag := (yield from self._tape.until(tags, self._events.said)):
            if not tag.endswith(self.opener):
                yield from self._other(tag)
                continue
            yield from self._call()
            while (yield from self._another()):
                yield from self._call()
            yield from self._at_start()

    def _tags(self) -> tuple[str, ...]:
        return tuple({self.opener, self.separator + self.opener})

    def _at_start(self) -> Scan[None]:
        """Look at where text begins."""
        yield from ()

    def _other(self, tag: str) -> Scan[None]:
        """Read on after one of `_tags` that opens no call."""
        raise NotImplementedError(tag)

    def _another(self) -> Scan[bool]:
        """Take the opener of one more call, and the blanks before it."""
        blanks = yield from self._tape.run(BLANKS)
        if (yield from self._tape.match(self.opener)):
            return True
        self._tape.give_back(blanks if (yield from self._tape.peek()) else "")
        return False
