"""Beginning a conversation anew when it has grown too long, with all that is needed to go on.

Every part has a share of the context, counted in real tokens: what the user asked for, word for word; the plan; the
files that are open, as they are now; the latest steps; and a summary of the rest, which the model itself writes while
it still knows all of it. The prompt that stands above everything is the same as before.
"""

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from demiurgic.agent.counting import Counter
from demiurgic.agent.files import OpenFiles
from demiurgic.chat.protocol import ChatModel, ReplyOptions
from demiurgic.errors import ContextOverflow
from demiurgic.events import ReplyEnded
from demiurgic.messages import Assistant, Message, System, Tool, ToolResult, User
from demiurgic.threads import ended_by
from demiurgic.tools.todo import SPEC as PLAN

FULL = 0.75
"""A conversation that takes more of the context than this is shortened: the rest is for the answer."""

_REQUESTS, _PLAN, _FILES, _SUMMARY, _LATEST = 0.10, 0.03, 0.12, 0.08, 0.12
"""Shares of the context; together well below what counts as full."""

_STORY = "The earlier conversation in short."
_TITLES = _WORDS, _TODO, _DONE, _OPEN = (
    "What the user asked for, in their own words",
    "The plan",
    "What was done so far",
    "Files as they are now",
)

_ASK = (
    "The conversation grows too long and begins anew now. Write down for yourself what matters to go on: what was "
    "done, what was found out, what was decided and why, what is still to do. Plain sentences, no code, at most "
    "{words} words."
)


@dataclass(frozen=True, slots=True)
class Compactor:
    """Shortens conversations with one model."""

    model: ChatModel
    counter: Counter
    tools: Sequence[Tool]
    files: OpenFiles

    def fits(self, used: int) -> bool:
        """Whether a conversation of this length leaves room to go on."""
        return used <= FULL * self.counter.context

    def shortened(self, conversation: Sequence[Message], cancel: threading.Event) -> list[Message]:
        """The conversation with its past told in short."""
        above = [message for message in conversation if isinstance(message, System)]
        users = [message for message in conversation if isinstance(message, User)]
        said = [text for message in users if (text := _own_words(message))]
        latest = self._latest(conversation)
        parts = (
            (_WORDS, self._cut("\n\n".join(said), _REQUESTS)),
            (_TODO, self._cut(_plan(conversation) or _told(users, _TODO), _PLAN)),
            (_DONE, self._summary(conversation, cancel)),
            (_OPEN, self._open_files()),
        )
        story = "\n\n".join(f"## {title}\n{text}" for title, text in parts if text)
        return [*above, User(f"{_STORY}\n\n{story}", reminder=True), *latest]

    def _latest(self, conversation: Sequence[Message]) -> list[Message]:
        """The last steps, whole: each reply with the results of its calls."""
        kept: list[Message] = []
        for step in reversed(_steps(conversation)):
            if self.counter.conversation([*step, *kept]) > _LATEST * self.counter.context:
                break
            kept = [*step, *kept]
        return kept

    def _summary(self, conversation: Sequence[Message], cancel: threading.Event) -> str:
        room = int(_SUMMARY * self.counter.context)
        ask = User(_ASK.format(words=room // 2))
        # The question goes behind the conversation as it is, so that only the question has to be read.
        for asked in ([*conversation, ask], [*self._halved(conversation), ask]):
            options = ReplyOptions(tool_choice="none", max_tokens=room, think=False)
            try:
                reply = self.model.reply(asked, self.tools, options)
            except ContextOverflow:
                continue
            with ended_by(cancel, reply.cancel):  # also while nothing comes
                for event in reply:
                    if isinstance(event, ReplyEnded):
                        return event.message.text.strip()
        return ""

    def _halved(self, conversation: Sequence[Message]) -> list[Message]:
        """The same with long results cut, where even the question for a summary has no room."""
        room = int(FULL * self.counter.context / 2 / max(1, len(conversation)))
        return [self._short(message, room) for message in conversation]

    def _short(self, message: Message, room: int) -> Message:
        if isinstance(message, ToolResult):
            return ToolResult(message.call_id, message.name, self._within(message.text, room))
        return message

    def _open_files(self) -> str:
        left = int(_FILES * self.counter.context)
        shown: list[str] = []
        for path in self.files.paths:
            text = self.files.text(path)
            block = f"{path}:\n{text}" if text is not None else ""
            size = self.counter.text(block)
            if block and size <= left:
                shown.append(block)
                left -= size
        return "\n\n".join(shown)

    def _cut(self, text: str, share: float) -> str:
        return self._within(text, int(share * self.counter.context))

    def _within(self, text: str, room: int) -> str:
        """As much of the beginning and of the end of a text as fits."""
        if self.counter.text(text) <= room:
            return text
        low, high = 0, len(text) // 2
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.counter.text(_ends(text, middle)) <= room else (low, middle - 1)
        return _ends(text, low)


def _ends(text: str, size: int) -> str:
    return f"{text[:size]}\n[…]\n{text[len(text) - size :]}" if size else ""


def _own_words(message: User) -> str:
    """What of a message the user said, be it in an earlier story."""
    return _told([message], _WORDS) if message.reminder else message.text


def _told(messages: Iterable[User], title: str) -> str:
    """The latest text that an earlier story holds under a title."""
    for message in reversed(list(messages)):
        if message.reminder and message.text.startswith(_STORY):
            _, found, rest = message.text.partition(f"## {title}\n")
            return re.split(r"\n\n## (?:" + "|".join(_TITLES) + r")\n", rest)[0] if found else ""
    return ""


def _plan(conversation: Iterable[Message]) -> str:
    """The latest plan that the model wrote down. Its results only say how far it is."""
    replies = (message for message in conversation if isinstance(message, Assistant))
    plans = [call.arguments["items"] for reply in replies for call in reply.calls if call.name == PLAN.name]
    return "\n".join(f"{item['state']}: {item['text']}" for item in plans[-1]) if plans else ""


def _steps(conversation: Sequence[Message]) -> list[list[Message]]:
    """Replies with what came of their calls. What was said between belongs to the step before it."""
    steps: list[list[Message]] = []
    for message in conversation:
        if isinstance(message, Assistant):
            steps.append([message])
        elif steps:
            steps[-1].append(message)
    return steps
