"""However a server cuts a call into pieces, it is the same call."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from demiurgic.chat.anthropic_wire import EventReader, Thoughts
from demiurgic.chat.openai_wire import ChunkReader
from demiurgic.chat.remote import WireEvent
from demiurgic.events import CallDelta, CallStarted

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
ARGUMENTS = st.dictionaries(st.text(), JSON, max_size=4)


@st.composite
def cut(draw: st.DrawFn, text: str) -> list[str]:
    """The text in pieces, empty ones included."""
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def assembled(events: list[WireEvent]) -> dict[int, tuple[str, str, str]]:
    """Number -> id, name and arguments, from events that must come in order."""
    calls: dict[int, tuple[str, str, str]] = {}
    for event in events:
        if isinstance(event, CallStarted):
            assert event.index not in calls
            calls[event.index] = (event.id, event.name, "")
        elif isinstance(event, CallDelta):
            id, name, text = calls[event.index]
            calls[event.index] = (id, name, text + event.text)
    return calls


def chunk(part: dict[str, Any]) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"tool_calls": [part]}}]}


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data(), st.lists(ARGUMENTS, min_size=1, max_size=3), st.integers(0, 3), st.booleans(), st.booleans())
def test_openai_calls(data: st.DataObject, calls: list[Any], late: int, repeated: bool, same_index: bool) -> None:
    """The name may come late or again and again; calls may be interleaved unless they share an index."""
    queues: list[list[dict[str, Any]]] = []
    for number, arguments in enumerate(calls):
        parts: list[dict[str, Any]] = []
        pieces = data.draw(cut(json.dumps(arguments)))
        for place, piece in enumerate(["", *pieces]):
            function: dict[str, Any] = {"arguments": piece}
            if place == min(late, len(pieces)) or (repeated and place > late):
                function["name"] = "tool"
            part: dict[str, Any] = {"index": 0 if same_index else number, "function": function}
            if place == 0:
                part["id"] = f"id{number}"
            parts.append(part)
        queues.append(parts)
    reader, events = ChunkReader(), list[WireEvent]()
    while queues:
        queue = queues[0] if same_index else data.draw(st.sampled_from(queues))
        events += reader.read(chunk(queue.pop(0)))
        queues = [queue for queue in queues if queue]
    made = sorted((id, name, json.loads(text)) for id, name, text in assembled(events).values())
    assert made == [(f"id{number}", "tool", arguments) for number, arguments in enumerate(calls)]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data(), ARGUMENTS)
def test_anthropic_calls(data: st.DataObject, arguments: Any) -> None:
    reader = EventReader(Thoughts())
    block = {"type": "tool_use", "id": "t", "name": "tool", "input": {}}
    events = list(reader.read({"type": "content_block_start", "index": 1, "content_block": block}))
    for piece in data.draw(cut(json.dumps(arguments))):
        delta = {"type": "input_json_delta", "partial_json": piece}
        events += reader.read({"type": "content_block_delta", "index": 1, "delta": delta})
    ((id, name, text),) = assembled(events).values()
    assert (id, name, json.loads(text)) == ("t", "tool", arguments)


SHAPELESS = st.recursive(
    JSON, lambda inner: st.dictionaries(st.sampled_from(["choices", "delta", "tool_calls", "function", "usage"]), inner)
)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from(["choices", "usage"]), SHAPELESS | st.lists(SHAPELESS)))
def test_no_shape_of_json_breaks_the_reader(chunk: dict[str, Any]) -> None:
    list(ChunkReader().read(chunk))
