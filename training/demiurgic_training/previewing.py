"""Looks through rows as filters do, and keeps a few of each to be shown, drawn evenly from all of them."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rich.console import RenderableType
from rich.rule import Rule
from rich.text import Text

from demiurgic.messages import Assistant, Message
from demiurgic.messages_json import json_bytes
from demiurgic_training.filters.protocol import Filter
from demiurgic_training.rows import Row
from demiurgic_training.screen import counts_of
from demiurgic_training.tally import Tally

T = TypeVar("T")
_COLOURS = {"system": "magenta", "user": "cyan", "assistant": "green", "tool": "yellow"}
_LONGEST = 1500


@dataclass(slots=True)
class Drawn(Generic[T]):
    """A few of many, each with the same chance."""

    most: int
    chance: random.Random
    held: list[T] = field(default_factory=list[T])
    seen: int = 0

    def take(self, item: T) -> None:
        """One more."""
        self.seen += 1
        if len(self.held) < self.most:
            self.held.append(item)
        elif (place := self.chance.randrange(self.seen)) < self.most:
            self.held[place] = item


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found."""

    tally: Tally
    kept: Drawn[Row]
    dropped: dict[str, Drawn[tuple[Row, str]]]
    """By the filter's name, each with its reason."""


def look_through(rows: Iterable[Row], filters: Sequence[Filter], samples: int, dropped: int, seed: int) -> Looked:
    """Judge all rows, and draw some of those that are kept and of each filter's."""
    chance = random.Random(seed)
    looked = Looked(
        Tally(), Drawn(samples, chance), {each.name: Drawn[tuple[Row, str]](dropped, chance) for each in filters}
    )
    for row in rows:
        looked.tally.read += 1
        judged = ((each.name, reason) for each in filters if (reason := each.judge(row)))
        name, reason = next(judged, ("", ""))
        if name:
            looked.tally.dropped[name] += 1
            looked.dropped[name].take((row, reason))
        else:
            looked.tally.kept += 1
            looked.kept.take(row)
    return looked


def shown(looked: Looked) -> Iterator[RenderableType]:
    """All of it, to be looked at."""
    for row in looked.kept.held:
        yield Rule("kept", style="green")
        yield from _conversation(row)
    for name, drawn in looked.dropped.items():
        for row, reason in drawn.held:
            yield Rule(f"dropped by {name}", style="red")
            yield from _conversation(row)
            yield Text(reason, "red")
    yield Rule()
    yield counts_of(looked.tally, "left, before they are compared with each other and run")


def _conversation(row: Row) -> Iterator[Text]:
    for message in row.messages:
        text = Text(f"{message.role}: ", f"bold {_COLOURS[message.role]}")
        text.append(_cut(_said(message)), "default")
        yield text
    if row.tools:
        yield Text(f"tools: {', '.join(tool.name for tool in row.tools)}", "dim")
    if row.meta:
        yield Text(_cut(json_bytes(row.meta).decode()), "dim")


def _said(message: Message) -> str:
    if not isinstance(message, Assistant):
        return message.text
    thoughts = [f"({message.reasoning})"] if message.reasoning else []
    calls = [f"→ {call.name} {json_bytes(call.arguments).decode()}" for call in message.calls]
    return "\n".join([*thoughts, *filter(None, [message.text]), *calls])


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text) - _LONGEST} letters more)"
