"""Noticing that a model goes in circles: the same call with the same result, or one reply that does not end.

Calls alone are no proof: a test is run again after a change, and then its result differs. Each repetition is answered
more plainly, as part of the result, so that nothing that was said before has to change; at last the turn is stopped.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from demiurgic.chat.protocol import Reply
from demiurgic.events import CallDelta, ChatEvent, Finish, ReasoningDelta, ReplyEnded, TextDelta
from demiurgic.messages import ToolCall

_REMINDERS = {
    2: "You made this same call before, with this same result. If all is done, answer what the user asked, from what "
    "you see here; else do something else.",
    4: "This is the fourth time that this call gives this result. It will not change. Do something different, or say "
    "what you cannot find out.",
    6: "You are going in circles. Stop calling this tool. Tell the user what you know and where you are stuck.",
}
_LAST = 8
_GLANCE = 200
"""Letters after which it is looked whether a reply goes in circles."""
_DRONE = 1500
"""Letters that must repeat themselves."""
_PASSAGE = 300
"""The longest passage that is looked for."""


class Repetition:
    """What was called in a turn, and what came of it."""

    def __init__(self) -> None:
        self._seen: Counter[bytes] = Counter()

    def note(self, call: ToolCall, result: str) -> str:
        """Take in a call's result. Returns what the model should be told besides; usually nothing."""
        key = _key(call, result)
        self._seen[key] += 1
        return _REMINDERS.get(self._seen[key], "")

    @property
    def stuck(self) -> bool:
        """Whether telling did not help."""
        return max(self._seen.values(), default=0) >= _LAST


def drones(text: str) -> bool:
    """Whether the end of a reply is one passage again and again. What a program may well hold, such as a table of
    zeros, is shorter."""
    tail = text[-_DRONE:][::-1]
    if len(tail) < _DRONE:
        return False
    borders = [0] * len(tail)  # how much of the beginning ends at each place, as in Knuth, Morris and Pratt
    for place in range(1, len(tail)):
        length = borders[place - 1]
        while length and tail[place] != tail[length]:
            length = borders[length - 1]
        borders[place] = length + (tail[place] == tail[length])
    return len(tail) - borders[-1] <= _PASSAGE


def until_it_drones(reply: Reply) -> Iterator[ChatEvent]:
    """A reply's events. One that only repeats itself is ended, as if it had become too long."""
    said, looked, droned = "", 0, False
    for event in reply:
        if isinstance(event, TextDelta | ReasoningDelta | CallDelta):
            said += event.text
            if not droned and len(said) - looked >= _GLANCE:
                looked = len(said)
                if droned := drones(said):
                    reply.cancel()
        yield replace(event, finish=Finish.LENGTH) if droned and isinstance(event, ReplyEnded) else event


def _key(call: ToolCall, result: str) -> bytes:
    whole = json.dumps([call.name, call.arguments, result], sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(whole.encode()).digest()
