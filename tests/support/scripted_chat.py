"""A model whose replies are written down beforehand, and which writes them piece by piece, as slowly as one wishes."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from demiurgic.chat.protocol import ReplyOptions
from demiurgic.events import (
    CallDelta,
    CallFinished,
    CallStarted,
    ChatEvent,
    Finish,
    PromptProgress,
    ReasoningDelta,
    ReplyEnded,
    TextDelta,
)
from demiurgic.messages import Assistant, Message, Tool, Usage

_PIECE = 5
_LETTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds before the first piece, while the prompt is read, and before each further one."""

    reading: float = 0.0
    piece: float = 0.0


class ScriptedReply:
    """Satisfies `Reply`."""

    def __init__(self, message: Assistant, prompt: int, pace: Pace) -> None:
        self._message, self._prompt, self._pace = message, prompt, pace
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        self._cancelled.set()

    def __iter__(self) -> Iterator[ChatEvent]:
        said = ""
        for event in self._events():
            if self._cancelled.is_set():
                yield ReplyEnded(Assistant(said), Finish.CANCELLED, Usage(self._prompt, 0, len(said)))
                return
            said += event.text if isinstance(event, TextDelta) else ""
            yield event

    def _events(self) -> Iterator[ChatEvent]:
        for done in range(0, self._prompt + 1, max(1, self._prompt // 4)):
            yield PromptProgress(done, self._prompt, 0)
            self._cancelled.wait(self._pace.reading / 4)
        yield from (ReasoningDelta(piece) for piece in self._pieces(self._message.reasoning))
        yield from (TextDelta(piece) for piece in self._pieces(self._message.text))
        for index, call in enumerate(self._message.calls):
            yield CallStarted(index, call.id, call.name)
            yield from (CallDelta(index, piece) for piece in self._pieces(str(dict(call.arguments))))
            yield CallFinished(index, call)
        finish = Finish.CALLS if self._message.calls else Finish.STOP
        written = len(self._message.text + self._message.reasoning) // _LETTERS_PER_TOKEN
        yield ReplyEnded(self._message, finish, Usage(self._prompt, 0, written))

    def _pieces(self, text: str) -> Iterator[str]:
        for start in range(0, len(text), _PIECE):
            self._cancelled.wait(self._pace.piece)
            yield text[start : start + _PIECE]


class ScriptedChat:
    """Satisfies `ChatModel`. When the script is at its end it repeats what was asked."""

    name = "scripted"
    context = 8192

    def __init__(self, replies: Sequence[Assistant], pace: Pace = Pace()) -> None:
        self._left, self._pace = list(replies), pace
        self.asked: list[list[Message]] = []

    def reply(
        self, conversation: Sequence[Message], tools: Sequence[Tool] = (), options: ReplyOptions = ReplyOptions()
    ) -> ScriptedReply:
        self.asked.append(list(conversation))
        message = self._left.pop(0) if self._left else Assistant(f"You said: {conversation[-1].text}")
        return ScriptedReply(message, self.count_tokens(conversation, tools), self._pace)

    def count_tokens(self, conversation: Sequence[Message], tools: Sequence[Tool] = (), *, think: bool = True) -> int:
        return sum(len(str(part)) for part in (*conversation, *tools)) // _LETTERS_PER_TOKEN

    def close(self) -> None:
        pass
