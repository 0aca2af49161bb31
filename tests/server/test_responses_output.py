"""What a reply becomes in a response, event by event."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import ResponseOutputItem, ResponseStreamEvent
from support.sdk_shapes import strictly

from demiurgic.events import (
    CallDelta,
    CallFinished,
    CallRejected,
    CallStarted,
    Finish,
    PromptProgress,
    ReasoningDelta,
    ReplyEnded,
    TextDelta,
)
from demiurgic.messages import Assistant, ToolCall, Usage
from demiurgic_server.openai.responses_output import Output

WEATHER = ToolCall("call_1", "weather", {"city": "Łódź"})


def ended(finish=Finish.STOP):
    return ReplyEnded(Assistant(), finish, Usage())


def told(*events):
    """The items that come of it, and all events, each of which the SDK knows."""
    output = Output()
    heard = [event for happened in events for event in output.tell(happened)]
    for number, event in enumerate(heard):
        strictly(ResponseStreamEvent, event | {"sequence_number": number})
    for item in output.items:
        strictly(ResponseOutputItem, item)
    return output.items, heard


def kinds(heard):
    return [event["type"].removeprefix("response.") for event in heard]


def test_reasoning_text_and_a_call_are_three_items_one_after_the_other():
    items, heard = told(
        PromptProgress(1, 2, 0),
        ReasoningDelta("So"),
        ReasoningDelta(" then."),
        TextDelta("I "),
        TextDelta("look."),
        CallStarted(0, "call_1", "weather"),
        CallDelta(0, "city: "),
        CallFinished(0, WEATHER),
        ended(Finish.CALLS),
    )
    assert kinds(heard) == [
        *("output_item.added", "content_part.added", "reasoning_text.delta", "reasoning_text.delta"),
        *("reasoning_text.done", "content_part.done", "output_item.done"),
        *("output_item.added", "content_part.added", "output_text.delta", "output_text.delta"),
        *("output_text.done", "content_part.done", "output_item.done"),
        *("output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done"),
    ]
    assert [event["output_index"] for event in heard] == [0] * 7 + [1] * 7 + [2] * 4
    reasoning, message, call = items
    assert reasoning["content"] == [{"type": "reasoning_text", "text": "So then."}]
    assert message["content"][0]["text"] == "I look."
    assert (call["call_id"], call["name"], json.loads(call["arguments"])) == ("call_1", "weather", {"city": "Łódź"})
    assert {item["status"] for item in items} == {"completed"}


def test_what_is_added_is_empty_and_what_is_done_is_whole():
    _, heard = told(TextDelta("Hi"), CallFinished(0, WEATHER), ended(Finish.CALLS))
    added = [event["item"] for event in heard if event["type"] == "response.output_item.added"]
    assert [item["status"] for item in added] == ["in_progress", "in_progress"]
    assert (added[0]["content"], added[1]["arguments"]) == ([], "")
    assert next(event["part"]["text"] for event in heard if event["type"] == "response.content_part.added") == ""


def test_blanks_alone_are_no_item_and_blanks_before_text_belong_to_it():
    items, _ = told(
        ReasoningDelta("\n\n"), TextDelta("\n"), CallFinished(0, WEATHER), TextDelta("\n"), ended(Finish.CALLS)
    )
    assert [item["type"] for item in items] == ["function_call"]
    items, heard = told(ReasoningDelta("\n"), TextDelta("\n\n"), TextDelta("Hi"), TextDelta("\n"), ended())
    assert [item["content"][0]["text"] for item in items] == ["\n\nHi\n"]
    assert [event["delta"] for event in heard if event["type"] == "response.output_text.delta"] == ["\n\nHi", "\n"]


@pytest.mark.parametrize(
    ("events", "types", "text"),
    [
        ([], ["message"], ""),
        ([TextDelta("\n")], ["message"], "\n"),
        ([ReasoningDelta("So")], ["reasoning", "message"], ""),
    ],
)
def test_a_reply_that_says_nothing_is_still_a_message(events, types, text):
    items, heard = told(*events, ended())
    assert [item["type"] for item in items] == types
    assert items[-1]["content"][0]["text"] == text
    assert kinds(heard).count("output_item.added") == len(types)


def test_what_the_limit_cut_off_is_incomplete():
    items, _ = told(ReasoningDelta("So"), TextDelta("I l"), ended(Finish.LENGTH))
    assert [item["status"] for item in items] == ["completed", "incomplete"]
    items, _ = told(ReasoningDelta("So"), ended(Finish.LENGTH))
    assert [(item["type"], item["status"]) for item in items] == [("reasoning", "incomplete")]


@pytest.mark.parametrize("finish", [Finish.LENGTH, Finish.CALLS])
def test_of_a_call_that_came_to_nothing_nothing_is_told(finish):
    items, heard = told(
        CallStarted(0, "call_1", "weather"),
        CallDelta(0, '{"ci'),
        CallRejected(0, "weather", '{"ci', "it breaks off"),
        ended(finish),
    )
    assert (items, heard) == ([], [])


def test_an_output_that_is_given_up_tells_what_there_was():
    output = Output()
    output.tell(TextDelta("I l"))
    assert kinds(output.close("incomplete")) == ["output_text.done", "content_part.done", "output_item.done"]
    assert [(item["content"][0]["text"], item["status"]) for item in output.items] == [("I l", "incomplete")]
    assert output.close("incomplete") == []


PIECES = st.one_of(
    st.builds(TextDelta, st.sampled_from(["a", " b", "\n", " "])),
    st.builds(ReasoningDelta, st.sampled_from(["c", "\n"])),
    st.just(CallFinished(0, WEATHER)),
)


@given(st.lists(PIECES), st.sampled_from(Finish))
def test_deltas_add_up_to_the_items_and_every_item_is_added_and_done_once(pieces, finish):
    items, heard = told(*pieces, ended(finish))
    for index, item in enumerate(items):
        own = [event for event in heard if event["output_index"] == index]
        assert kinds(own)[0] == "output_item.added"
        assert kinds(own)[-1] == "output_item.done"
        assert kinds(own).count("output_item.added") == kinds(own).count("output_item.done") == 1
        assert own[-1]["item"] == item
        whole = item["arguments"] if item["type"] == "function_call" else item["content"][0]["text"]
        assert "".join(event["delta"] for event in own if event["type"].endswith(".delta")) == whole
        assert {event.get("item_id", item["id"]) for event in own} == {item["id"]}
    assert [event["output_index"] for event in heard] == sorted(event["output_index"] for event in heard)
    assert {event["output_index"] for event in heard} == set(range(len(items)))
    said = "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))
    shown = "".join(item["content"][0]["text"] for item in items if item["type"] == "message")
    assert "".join(shown.split()) == "".join(said.split())
