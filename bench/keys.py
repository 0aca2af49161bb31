"""Somebody types: a trace over real Python files of this project, replayed key by key in its own time.

`python -m bench.keys` makes the trace anew. Its rests between keys are drawn, not measured: a steady typist with a
median of 140 ms, who rests at the end of a line and now and then in one.
"""

import asyncio
import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

TRACE = Path(__file__).parent / "data" / "typing.jsonl"
ROOT = Path(__file__).parents[1]
SOURCES = (
    ("assistant/demiurgic/workspace/ignoring.py", "        for depth, rules in reversed", 4),
    ("assistant/demiurgic/agent/desk.py", '        """What takes how many', 2),
    ("models/demiurgic_models/recommend.py", '    """All sensible choices', 1),
    ("assistant/demiurgic/chat/local.py", '        """How tokens are chosen', 4),
)
"""A file, the line above what is typed, and how many lines of it."""


@dataclass(frozen=True, slots=True)
class Session:
    """A place in a file, and what is typed there: each letter with the milliseconds of rest before it."""

    path: str
    before: str
    behind: str
    keys: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class State:
    """A document after a key."""

    path: str
    before: str
    behind: str


Ask = Callable[[State], Awaitable[object]]
"""Asks for text at a place; comes back with the first of it, or is cancelled."""


def sessions() -> list[Session]:
    """The trace."""
    rows = [json.loads(line) for line in TRACE.read_text().splitlines()]
    return [Session(**{**row, "keys": tuple((rest, letter) for rest, letter in row["keys"])}) for row in rows]


async def replayed(ask: Ask, *, cancels: bool = True) -> dict[str, float]:
    """Type the whole trace. For each key: milliseconds until an answer to it, or to a later one, was there."""
    waits: list[float] = []
    answered = 0
    for session in sessions():
        typed: list[tuple[float, asyncio.Task[float]]] = []
        for at, state in _typed(session):
            await asyncio.sleep(max(0.0, at))
            if typed and cancels and not typed[-1][1].done():
                typed[-1][1].cancel()
            typed.append((time.perf_counter(), asyncio.ensure_future(_timed(ask, state))))
        ends = await asyncio.gather(*(task for _, task in typed), return_exceptions=True)
        times = [end if isinstance(end, float) else None for end in ends]
        failed = [end for end in ends if isinstance(end, Exception)]
        assert not failed, failed[0]
        answered += sum(end is not None for end in times)
        waits += _waits([key for key, _ in typed], times)
    cuts = statistics.quantiles(waits, n=20)
    return {"p50": cuts[9], "p95": cuts[18], "answered": answered / len(waits), "keys": len(waits)}


def _waits(keys: list[float], answers: "list[float | None]") -> Iterator[float]:
    for number, key in enumerate(keys):
        later = [answer for answer in answers[number:] if answer is not None]
        if later:
            yield 1e3 * (min(later) - key)


async def _timed(ask: Ask, state: State) -> float:
    await ask(state)
    return time.perf_counter()


def _typed(session: Session) -> Iterator[tuple[float, State]]:
    before = session.before
    for rest, letter in session.keys:
        before += letter
        yield rest / 1000, State(session.path, before, session.behind)


def record() -> None:
    """Make the trace from the files as they are now."""
    chance = random.Random(5)
    rows = []
    for name, head, lines in SOURCES:
        text = (ROOT / name).read_text()
        start = text.index(head)
        start = text.index("\n", start) + 1
        end = start
        for _ in range(lines):
            end = text.index("\n", end) + 1
        typed = text[start : end - 1]
        rows.append(asdict(Session(name, text[:start], text[end - 1 :], tuple(_keys(typed, chance)))))
    TRACE.parent.mkdir(exist_ok=True)
    TRACE.write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def _keys(text: str, chance: random.Random) -> Iterator[tuple[int, str]]:
    indented = ""
    for number, line in enumerate(text.split("\n")):
        indent = line[: len(line) - len(line.lstrip())]
        if number:
            yield round(chance.lognormvariate(5.2, 0.3)), f"\n{indent if line.strip() else ''}"
        else:
            indented = indent
            yield 500, indented
        for place, letter in enumerate(line.lstrip()):
            rests = place == 0 and number > 0
            thinks = letter == " " and chance.random() < 0.15
            yield round(chance.lognormvariate(4.94, 0.35) + (900 if rests else 700 if thinks else 0)), letter


if __name__ == "__main__":
    record()
