"""Anthropic's conversations read, and replies told as its events, where a model would seldom show them."""

import asyncio
import math

import pytest

from demiurgic.errors import EngineError
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
from demiurgic.messages import Assistant, System, ToolCall, ToolResult, Usage, User
from demiurgic_server.anthropic.answer import PING, events_of, message_of
from demiurgic_server.anthropic.conversation import conversation_of
from demiurgic_server.anthropic.messages_wire import MessageBody
from demiurgic_server.following import Pulse, Told
from demiurgic_server.house import Answering

CALL = ToolCall("call_1", "read", {"path": "ä"})
NOTHING = Assistant()
CALLED = (CallStarted(0, "call_1", "read"), CallDelta(0, "<arg"), CallFinished(0, CALL))


def body(*messages, **more):
    turns = messages or ({"role": "user", "content": "Hi"},)
    return MessageBody.model_validate({"model": "m", "max_tokens": 20, "messages": list(turns), **more})


def answering(events):
    async def happening():
        for event in events:
            yield event if isinstance(event, Pulse) else Told(0, event)

    return Answering("m", happening())


def streamed(*events, asked=None, pulse=math.inf):
    async def gather():
        return [event async for event in events_of(answering(events), asked or body(), pulse)]

    return asyncio.run(gather())


def whole(*events, asked=None):
    return asyncio.run(message_of(events_of(answering(events), asked or body(), math.inf)))


def ended(message=NOTHING, finish=Finish.STOP, **more):
    return ReplyEnded(message, finish, Usage(prompt=10, cached=4, completion=5), **more)


def test_a_reply_is_told_block_by_block():
    told = streamed(
        PromptProgress(4, 10, 4),
        ReasoningDelta("\n"),
        ReasoningDelta("Hm"),
        TextDelta("\n\n"),
        TextDelta("Let me"),
        TextDelta(" look.\n"),
        *CALLED,
        TextDelta("\n"),
        ended(Assistant("Let me look.", "Hm", (CALL,)), Finish.CALLS),
    )
    assert [(event["type"], event.get("index")) for event in told] == [
        ("message_start", None),
        ("content_block_start", 0),
        ("content_block_delta", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
        ("content_block_start", 2),
        ("content_block_delta", 2),
        ("content_block_stop", 2),
        ("message_delta", None),
        ("message_stop", None),
    ]
    assert told[0]["message"]["usage"]["input_tokens"] == 6
    assert told[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}
    assert told[-2]["usage"] == {
        "input_tokens": 6,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 4,
        "output_tokens": 5,
    }


def test_the_whole_answer_holds_the_same_blocks():
    asked = body(thinking={"type": "adaptive"})
    events = (ReasoningDelta("Hm"), TextDelta("A"), *CALLED, TextDelta(" B"), ended(Assistant("", "", (CALL,))))
    message = whole(*events, asked=asked)
    assert message["content"] == [
        {"type": "thinking", "thinking": "Hm", "signature": ""},
        {"type": "text", "text": "A"},
        {"type": "tool_use", "id": "call_1", "name": "read", "input": {"path": "ä"}},
        {"type": "text", "text": " B"},
    ]
    again = {"role": "assistant", "content": message["content"]}
    read = conversation_of(body({"role": "user", "content": "Hi"}, again, {"role": "user", "content": "so?"}))
    assert read[1] == Assistant("A B", "Hm", (CALL,))
    hidden = whole(*events, asked=body(thinking={"type": "adaptive", "display": "omitted"}))
    assert hidden["content"][0] == {"type": "thinking", "thinking": "", "signature": ""}
    assert hidden["content"][1:] == message["content"][1:]


REJECTED = CallRejected(0, "read", "{", "it is cut off")


@pytest.mark.parametrize(
    ("end", "reason", "stop"),
    [
        (ended(), "end_turn", None),
        (ended(stop_text="."), "stop_sequence", "."),
        (ended(stop_text="<|user|>"), "end_turn", None),
        (ended(finish=Finish.LENGTH), "model_context_window_exceeded", None),
        (ReplyEnded(Assistant(), Finish.LENGTH, Usage(1, 0, 20)), "max_tokens", None),
        (ended(finish=Finish.LENGTH, rejected=(REJECTED,)), "model_context_window_exceeded", None),
        (ended(Assistant(calls=(CALL,)), Finish.CALLS, rejected=(REJECTED,)), "tool_use", None),
    ],
)
def test_why_a_reply_ended(end, reason, stop):
    message = whole(TextDelta("a"), end, asked=body(stop_sequences=[".", "?"]))
    assert (message["stop_reason"], message["stop_sequence"]) == (reason, stop)


def test_a_call_that_no_tool_takes_is_an_error_and_never_a_block():
    events = (*CALLED[:2], REJECTED, ended(finish=Finish.CALLS, rejected=(REJECTED,)))
    with pytest.raises(EngineError, match="cut off"):
        whole(*events)


def test_a_reply_that_does_not_end_is_an_error():
    with pytest.raises(EngineError, match="without saying so"):
        whole(TextDelta("a"))


def test_silence_is_broken_by_pings():
    quiet = (PromptProgress(1, 3, 0), PromptProgress(2, 3, 0), Pulse(), TextDelta("a"), *CALLED[:2], ended())
    told = streamed(*quiet)
    assert [event["type"] for event in told[:3]] == ["message_start", "ping", "content_block_start"]
    assert told.count(PING) == 1
    busy = streamed(*quiet, pulse=0.0)
    assert [event["type"] for event in busy[:4]] == ["message_start", "ping", "ping", "content_block_start"]
    assert busy.count(PING) == 4


def test_results_and_texts_of_a_users_turn_keep_their_order_and_turns_of_one_role_are_one():
    asked = body(
        {"role": "user", "content": "One"},
        {"role": "user", "content": [{"type": "text", "text": "Two"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Sure.\n"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "a", "name": "read", "input": {"path": "x"}},
                {"type": "tool_use", "id": "b", "name": "time", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Here:"},
                {"type": "tool_result", "tool_use_id": "b", "content": "noon"},
                {
                    "type": "tool_result",
                    "tool_use_id": "a",
                    "is_error": True,
                    "content": [{"type": "text", "text": "no"}, {"type": "text", "text": "file"}],
                },
            ],
        },
        {"role": "user", "content": [{"type": "text", "text": "So?"}]},
        {"role": "system", "content": "Hurry."},
        {"role": "user", "content": "Well?"},
        system=[{"type": "text", "text": "Be"}, {"type": "text", "text": "brief."}],
    )
    assert conversation_of(asked) == [
        System("Be\nbrief."),
        User("One\nTwo"),
        Assistant("Sure.", calls=(ToolCall("a", "read", {"path": "x"}), ToolCall("b", "time", {}))),
        User("Here:"),
        ToolResult("b", "time", "noon"),
        ToolResult("a", "read", "Error: no\nfile"),
        User("So?"),
        System("Hurry."),
        User("Well?"),
    ]
