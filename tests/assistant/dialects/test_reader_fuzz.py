"""Readers take anything: no text is lost, nothing crashes, and time grows with length alone."""

import gc
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.schemas import TOOLS

from demiurgic.messages import ToolCall
from demiurgic.templates.dialects import ChatGlm3Calls, Glm4Calls, Hermes, Llama3Calls, TaggedCalls
from demiurgic.templates.protocol import CallBroken, CallRead, Dialect, ReadEvent, Said, Thought

DIALECTS: list[Dialect] = [
    Hermes(),
    Glm4Calls(),
    TaggedCalls(newlines=False),
    TaggedCalls(newlines=True),
    ChatGlm3Calls(),
    Llama3Calls(),
]
each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=repr)
FEW = TOOLS[1:4]
PIECES = st.sampled_from(
    ["<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "<|python_tag|>", "```",
     "```json\n", "```python\n", "tool_call(", ")", "{", "}", "[", "]", '"', "'", "\\", ":", ",", "\n", " ", "read",
     "path", "nope", '{"name": "read", "arguments": ', '{"name": "read", "parameters": ', '{"path": "a"}', "path='a'",
     "null", "1e999", "NaN", "\\ud800", "-", "<", "é", "\x00", "**", '"name"', "(" * 300, "[" * 300]
)  # fmt: skip
garbage = st.one_of(st.lists(PIECES, max_size=25).map("".join), st.text(max_size=60))
hard = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def run(dialect: Dialect, pieces: list[str]) -> list[ReadEvent]:
    reader = dialect.reader(FEW, None)
    return [event for piece in pieces for event in reader.feed(piece)] + reader.finish()


def solid(text: str) -> str:
    return "".join(text.split())


def kept(events: list[ReadEvent]) -> str:
    raws = [event.raw for event in events if isinstance(event, CallBroken)]
    if raws and not any(isinstance(event, Said) for event in events):
        return "".join(raws)
    return "".join(
        event.raw if isinstance(event, CallBroken) else event.text
        for event in events
        if isinstance(event, CallBroken | Said | Thought)
    )


@each_dialect
@hard
@given(text=garbage)
def test_nothing_is_lost(dialect: Dialect, text: str):
    events = run(dialect, list(text))
    if not any(isinstance(event, CallRead) for event in events):
        assert solid(kept(events)) == solid(text)


@each_dialect
@hard
@given(data=st.data())
def test_mutated_calls_do_no_harm(dialect: Dialect, data: st.DataObject):
    text = dialect.write([ToolCall("1", "read_lines", {"path": "a b", "first": 5})])
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 4))
    text = text[:at] + data.draw(PIECES) + text[at + cut :]
    events = run(dialect, [text])
    for event in events:
        if isinstance(event, CallRead):
            assert event.name in ("read", "read_lines", "set_mode")
    if not any(isinstance(event, CallRead) for event in events):
        assert solid(kept(events)) == solid(text)


def seconds(dialect: Dialect, text: str) -> float:
    """This thread's own time, without what collecting the other tests' garbage takes; the better of two."""
    letters, times = list(text), []
    gc.disable()
    try:
        for _ in range(2):
            begun = time.thread_time()
            run(dialect, letters)
            times.append(time.thread_time() - begun)
    finally:
        gc.enable()
    return min(times)


@each_dialect
@pytest.mark.parametrize(
    "unit",
    ["a", "<tool_call>", "<tool_cal", "```json\n{", '```json\n{"name": "read", "arguments": {"path": "',
     "{", '"', "\n ",
     '```json\n{"name": "read", "arguments": {"x\\"',
     "<tool_call>read<arg_key>path</arg_key><arg_value>", '{"name": "read", "parameters": {"a":'],
)  # fmt: skip
def test_time_grows_with_length_alone(dialect: Dialect, unit: str):
    opening = {"Glm4Calls()": "read\n{", "ChatGlm3Calls()": "read\n ```python\ntool_call("}.get(repr(dialect), "")
    short, long = 3_000 // len(unit), 30_000 // len(unit)
    base = max(seconds(dialect, opening + unit * short), 0.005)
    assert seconds(dialect, opening + unit * long) < 40 * base
