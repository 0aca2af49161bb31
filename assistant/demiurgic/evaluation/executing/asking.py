"""The judge's end of the line to a candidate: asks one question at a time, and believes nothing but plain data.

Whatever goes wrong there ends the trial with `Over`, which no test can catch unnoticed. The clock runs only while the
candidate is waited for.
"""

import builtins
import marshal
import secrets
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Never, TypeVar, cast

from demiurgic.evaluation.executing.plain import NotPlain, Plain, read_message, read_texts, read_value
from demiurgic.evaluation.verdicts import Outcome

_LONGEST_ANSWER = 32 << 20
_LONGEST_TEXT = 300
_CHUNK = 1 << 16
_T = TypeVar("_T")


class Over(BaseException):
    """The trial has ended. A base exception, because tests may catch exceptions."""

    def __init__(self, outcome: Outcome, detail: str, line: str = "", *, gone: bool = False) -> None:
        self.outcome, self.detail, self.line = outcome, detail, line
        self.gone = gone
        """Whether the candidate's process hung up, so that its end says more."""
        super().__init__(detail)


class Broken(Exception):
    """What runs candidates does not work. Says nothing of the candidate."""


class BadTest(Exception):
    """A test that cannot be run, whatever the program is."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception of the program's, and its line there."""

    error: Exception
    name: str
    text: str
    line: str


class Line:
    """One candidate, from its process's first message to the verdict."""

    def __init__(self, channel: socket.socket, wall: float) -> None:
        self._channel, self._left = channel, wall
        most = struct.pack("@ll", int(wall) + 1, 0)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            channel.setsockopt(socket.SOL_SOCKET, option, most)
        self.over: Over | None = None
        self.raised: Raised | None = None
        self.last: Plain = None
        self.answers = 0

    def begin(self, source: str, entry: str, seed: int) -> None:
        """Wait for the process, and give it its program."""
        try:
            first = self._receive()
        except Over as over:
            raise over if over.outcome is Outcome.WALL_TIMEOUT else Broken("a candidate's process ended") from None
        if first.get("up") is not True:
            raise Broken(str(first.get("broken")))
        self._say({"source": source, "entry": entry, "seed": seed})
        self._check_definition(self._receive(), entry)

    def function(self, name: str) -> Callable[..., Plain]:
        """Stands for a function of the program's."""

        def answer(*arguments: Plain, **named: Plain) -> Plain:
            return self._ask(name, arguments, named)

        answer.__name__ = answer.__qualname__ = name
        return answer

    def finish(self) -> None:
        """The tests have been run to their end. Raises Over if that does not count."""
        if self.over is not None:  # a test caught it
            raise self.over
        self._refuse_unasked()
        if not self.answers:
            self._end(Outcome.NO_VERDICT, "its test asked it nothing")

    def _check_definition(self, message: dict[str, object], entry: str) -> None:
        if message.get("ready") is True:
            return
        if message.get("missing") is True:
            self._end(Outcome.NO_CODE, f"it does not define {entry}")
        if "syntax" in message:
            name, text, line = self._texts(message["syntax"], 3)
            self._end(Outcome.SYNTAX, _told(name, text), line)
        if "raised" in message:
            raised = self._exception(message["raised"])
            self._end(Outcome.EXCEPTION, _told(raised.name, raised.text), raised.line)
        self._end(Outcome.SUSPICIOUS, "its first message is none")

    def _ask(self, name: str, arguments: tuple[Plain, ...], named: dict[str, Plain]) -> Plain:
        if self.over is not None:
            raise self.over
        self._refuse_unasked()
        nonce = secrets.token_hex(8)
        self._say((nonce, name, arguments, named))
        message = self._receive()
        if message.get("nonce") != nonce:
            self._end(Outcome.SUSPICIOUS, "it answered another question")
        self.answers += 1
        if message.get("absent") is True:
            raise NameError(f"name {name!r} is not defined")
        if "odd" in message:
            self._end(Outcome.SUSPICIOUS, f"it answered with something that is no plain data: {message['odd']!s:.200}")
        if "raised" in message:
            self.raised = self._exception(message["raised"])
            raise self.raised.error
        try:
            self.last = read_value(message.get("value"))
            if "changed" in message and self.last is None:
                _change(arguments, read_value(message["changed"]))
        except NotPlain as error:
            self._end(Outcome.SUSPICIOUS, str(error))
        return self.last

    def _exception(self, told: object) -> Raised:
        """As the test will see it: of the same name, and of the same built-in kind."""
        name, known, text, line = self._texts(told, 4)
        kind: object = getattr(builtins, known, None)
        if not isinstance(kind, type) or not issubclass(kind, BaseException):
            self._end(Outcome.SUSPICIOUS, "it raised what is no exception")
        if issubclass(kind, MemoryError):
            self._end(Outcome.MEMORY, _told(name, text), line)
        if not issubclass(kind, Exception):
            self._end(Outcome.NO_VERDICT, _told(name, text), line)
        own = kind if name == known else type(name, (kind,), {})
        error = own.__new__(own)
        error.args = (text,)
        return Raised(error, name, text, line)

    def _texts(self, value: object, count: int) -> list[str]:
        try:
            return [text[:_LONGEST_TEXT] for text in read_texts(value, count)]
        except NotPlain as error:
            self._end(Outcome.SUSPICIOUS, str(error))

    def _refuse_unasked(self) -> None:
        try:
            if self._channel.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                self._end(Outcome.SUSPICIOUS, "it answered before it was asked")
        except BlockingIOError:
            return
        except ConnectionError:
            pass
        self._hung_up()

    def _say(self, message: Plain) -> None:
        try:
            body = marshal.dumps(message)
        except ValueError as error:
            raise BadTest("it asks with something that is no plain data") from error
        try:
            self._timed(lambda: self._channel.sendall(len(body).to_bytes(4, "little") + body))
        except ConnectionError:
            self._hung_up()

    def _receive(self) -> dict[str, object]:
        data = bytearray()
        while len(data) < 4:
            data += self._some()
        length = int.from_bytes(data[:4], "little") + 4
        if length > _LONGEST_ANSWER:
            self._end(Outcome.SUSPICIOUS, f"its answer is {length} bytes long")
        while len(data) < length:
            data += self._some()
        if len(data) > length:
            self._end(Outcome.SUSPICIOUS, "it answered more than it was asked")
        try:
            return read_message(bytes(data[4:]))
        except NotPlain as error:
            self._end(Outcome.SUSPICIOUS, str(error))

    def _some(self) -> bytes:
        try:
            piece = self._timed(partial(self._channel.recv, _CHUNK))
        except ConnectionError:
            piece = b""
        return piece or self._hung_up()

    def _timed(self, work: Callable[[], _T]) -> _T:
        """Do something that waits for the candidate, as long as it may be waited for. The kernel is told once how long
        that is, so one wait may last for twice as long."""
        start = time.monotonic()
        try:
            return work()
        except BlockingIOError:
            self._end(Outcome.WALL_TIMEOUT, "it was waited for too long")
        finally:
            self._left -= time.monotonic() - start
            if self._left < 0 and self.over is None:
                self._end(Outcome.WALL_TIMEOUT, "it was waited for too long")

    def _hung_up(self) -> Never:
        self._end(Outcome.NO_VERDICT, "it hung up before its tests were over", gone=True)

    def _end(self, outcome: Outcome, detail: str, line: str = "", *, gone: bool = False) -> Never:
        self.over = Over(outcome, detail, line, gone=gone)
        raise self.over


def _told(name: str, text: str) -> str:
    """An exception in one line."""
    return " ".join(f"{name}: {text}".split()) if text else name


def _change(arguments: tuple[Plain, ...], changed: Plain) -> None:
    """A function that answers None may be one that changes what it is given; the test's own objects change with it.
    One that answers anything else may not, or it could change what its answer is compared with."""
    news = cast("list[Plain]", changed) if isinstance(changed, list) else []
    if len(news) != len(arguments):
        raise NotPlain("its answer is no message")
    for old, new in zip(arguments, news, strict=True):
        if type(old) is type(new) and type(old) in (list, bytearray):
            old[:] = new
        elif type(old) is type(new) and type(old) in (dict, set):
            old.clear()
            old.update(new)
