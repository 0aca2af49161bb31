"""What happens when a remote provider fails or the user has had enough, for both SDKs over real HTTP."""

import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest
from support.fake_providers import (
    SILENCE,
    Answer,
    Ending,
    FakeProvider,
    anthropic_answer,
    anthropic_piece,
    anthropic_text,
    json_answer,
    openai_answer,
    openai_piece,
)

from demiurgic.chat.anthropic_api import AnthropicChat
from demiurgic.chat.openai_api import OpenAIChat
from demiurgic.chat.patience import pause_asked
from demiurgic.errors import ContextOverflow, EngineError, ProviderError
from demiurgic.events import Finish, ReplyEnded, TextDelta
from demiurgic.messages import User

KEY = "0123456789abcdef.ZhYfQ2"  # of a form that nothing but the key itself gives away
HELLO = [User("hello")]
Chat = OpenAIChat | AnthropicChat


@dataclass(frozen=True)
class Kind:
    """One of the two providers, with what tests need of it."""

    connect: Callable[[str, float], Chat]
    whole: Answer
    begun: bytes
    key_variable: str


KINDS = {
    "openai": Kind(
        lambda url, timeout: OpenAIChat("m", f"{url}/v1", KEY, timeout),
        openai_answer({"content": "hey"}),
        openai_piece({"content": "he"}),
        "DEMIURGIC_API_KEY",
    ),
    "anthropic": Kind(
        lambda url, timeout: AnthropicChat("m", url, KEY, timeout),
        anthropic_answer(anthropic_text("hey")),
        anthropic_piece("content_block_delta", index=0, delta={"type": "text_delta", "text": "he"}),
        "ANTHROPIC_API_KEY",
    ),
}


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@contextmanager
def served(kind: Kind, *script: Answer, timeout: float = 5) -> Iterator[tuple[FakeProvider, Chat]]:
    with FakeProvider(*script) as provider, closing(kind.connect(provider.url, timeout)) as model:
        yield provider, model


def failure(model: Chat) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        list(model.reply(HELLO))
    return caught.value


def test_too_many_requests_are_tried_again_when_the_provider_says(kind: Kind) -> None:
    slow = json_answer({"error": {"message": "slow down"}}, 429, retry_after_ms="20")
    with served(kind, slow, kind.whole) as (fake, model):
        *_, ended = model.reply(HELLO)
    assert isinstance(ended, ReplyEnded)
    assert ended.message.text == "hey"
    assert len(fake.asked) == 2


def test_a_pause_beyond_all_patience_is_told_instead_of_waited_for(kind: Kind) -> None:
    with served(kind, json_answer({"error": {"message": "slow down"}}, 429, retry_after="100")) as (fake, model):
        error = failure(model)
    assert (error.status, error.hint) == (429, "it asks to wait 100 seconds")
    assert len(fake.asked) == 1


def test_pauses_are_read_in_all_their_forms() -> None:
    assert pause_asked({"retry-after-ms": "1500"}, now=0) == 1.5
    assert pause_asked({"retry-after": "7"}, now=0) == 7
    assert pause_asked({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, now=20) == 40
    assert pause_asked({"retry-after": "soon"}, now=0) == 0
    assert pause_asked({}, now=0) == 0


def test_a_server_error_is_tried_again(kind: Kind) -> None:
    with served(kind, json_answer({}, 500, retry_after_ms="1"), kind.whole) as (_, model):
        *_, ended = model.reply(HELLO)
    assert isinstance(ended, ReplyEnded)
    assert ended.message.text == "hey"


def test_a_server_error_that_stays_is_told(kind: Kind) -> None:
    broken = json_answer({"error": {"message": "out of memory"}}, 503, retry_after_ms="1")
    with served(kind, broken, broken, broken) as (fake, model):
        error = failure(model)
    assert error.status == 503
    assert "out of memory" in error.message
    assert len(fake.asked) == 3


def test_a_refused_key_names_the_variable_to_set(kind: Kind) -> None:
    with served(kind, json_answer({"error": {"message": "no"}}, 401)) as (_, model):
        error = failure(model)
    assert error.status == 401
    assert error.hint == f"set {kind.key_variable} to a valid key"


def test_an_unknown_model_is_named(kind: Kind) -> None:
    with served(kind, json_answer({"error": {"message": "no such model"}}, 404)) as (_, model):
        error = failure(model)
    assert error.status == 404
    assert "'m'" in error.hint


def test_no_server_at_all(kind: Kind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with closing(kind.connect(url, 5)) as model:
        error = failure(model)
    assert error.hint == "is the server running?"
    assert url in error.message


def test_a_server_that_stays_silent(kind: Kind) -> None:
    with served(kind, SILENCE, SILENCE, SILENCE, timeout=0.1) as (_, model):
        error = failure(model)
    assert "did not answer within 0.1 seconds" in error.message


def test_a_server_that_falls_silent_in_mid_reply(kind: Kind) -> None:
    with served(kind, Answer([kind.begun], ending=Ending.HANGING), timeout=0.3) as (_, model):
        error = failure(model)
    assert "did not answer within 0.3 seconds" in error.message


def test_a_connection_lost_in_mid_reply_after_what_came_was_told(kind: Kind) -> None:
    with served(kind, Answer([kind.begun], ending=Ending.DROPPED)) as (_, model):
        reply = iter(model.reply(HELLO))
        assert next(reply) == TextDelta("he")
        with pytest.raises(ProviderError, match="broke off"):
            next(reply)


def test_a_stream_that_ends_without_a_reason_is_not_taken_for_a_whole_reply(kind: Kind) -> None:
    with served(kind, Answer([kind.begun])) as (_, model):
        assert "broke off" in failure(model).message


@pytest.mark.parametrize("rubbish", [b"event: message_start\ndata: {oops\n\n", b"event: ping2\ndata: \xff\xfe\n\n"])
def test_rubbish_is_told_as_such(kind: Kind, rubbish: bytes) -> None:
    with served(kind, Answer([rubbish])) as (_, model):
        assert "no reply" in failure(model).message


@pytest.mark.parametrize("shape", [b"5", b"[]", b"null", b'{"choices": 3, "type": []}', b'{"choices": [null]}'])
def test_json_of_another_shape_is_an_error_and_never_a_crash(kind: Kind, shape: bytes) -> None:
    with served(kind, Answer([b"event: message_delta\ndata: " + shape + b"\n\n"])) as (_, model):
        failure(model)


def test_an_error_sent_within_the_stream(kind: Kind) -> None:
    sent = b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", "message": "too busy"}}\n\n'
    with served(kind, Answer([kind.begun, sent])) as (_, model):
        assert "too busy" in failure(model).message


def test_llama_servers_overflow_becomes_the_usual_error() -> None:
    told = {"error": {"type": "exceed_context_size_error", "message": "x", "n_prompt_tokens": 900, "n_ctx": 512}}
    with served(KINDS["openai"], json_answer(told, 400)) as (_, model), pytest.raises(ContextOverflow) as caught:
        list(model.reply(HELLO))
    assert (caught.value.prompt, caught.value.limit) == (900, 512)


@pytest.mark.parametrize("script", [SILENCE, json_answer({}, 429, retry_after="20")], ids=["silence", "pause"])
def test_cancel_ends_a_reply_before_its_first_byte(kind: Kind, script: Answer) -> None:
    with served(kind, script) as (fake, model):
        reply = model.reply(HELLO)
        while not fake.asked:
            assert fake.arrived.wait(5)
            time.sleep(0.01)
        time.sleep(0.1)
        began = time.monotonic()
        reply.cancel()
        (ended,) = list(reply)
        took = time.monotonic() - began
        if script is SILENCE:
            assert fake.left.wait(1), "the connection stayed open"
    assert isinstance(ended, ReplyEnded)
    assert ended.finish is Finish.CANCELLED
    assert took < 0.2


def test_cancel_in_mid_reply_keeps_what_came_and_closes_the_connection(kind: Kind) -> None:
    with served(kind, Answer([kind.begun], ending=Ending.HANGING)) as (fake, model):
        reply = model.reply(HELLO)
        events = iter(reply)
        assert next(events) == TextDelta("he")
        threading.Timer(0.05, reply.cancel).start()
        (ended,) = list(events)
        assert fake.left.wait(1)
    assert isinstance(ended, ReplyEnded)
    assert (ended.message.text, ended.finish) == ("he", Finish.CANCELLED)


def test_cancel_at_once_and_too_late(kind: Kind) -> None:
    with served(kind, kind.whole) as (_, model):
        early = model.reply(HELLO)
        early.cancel()
        assert [event.finish for event in early if isinstance(event, ReplyEnded)] == [Finish.CANCELLED]
    early.cancel()


def test_leaving_the_iteration_closes_the_connection(kind: Kind) -> None:
    with served(kind, Answer([kind.begun], ending=Ending.HANGING)) as (fake, model):
        events = iter(model.reply(HELLO))
        next(events)
        events.close()  # type: ignore[attr-defined]
        assert fake.left.wait(1)


def test_closing_the_model_ends_its_replies(kind: Kind) -> None:
    with served(kind, SILENCE) as (fake, model):
        reply = model.reply(HELLO)
        fake.arrived.wait(5)
        model.close()
        (ended,) = list(reply)
        with pytest.raises(EngineError, match="closed"):
            model.reply(HELLO)
    assert isinstance(ended, ReplyEnded)
    assert ended.finish is Finish.CANCELLED


def test_many_replies_at_once(kind: Kind) -> None:
    with served(kind, *[kind.whole] * 20) as (_, model):
        replies = [model.reply(HELLO) for _ in range(20)]
        texts = [event.message.text for reply in replies for event in reply if isinstance(event, ReplyEnded)]
    assert texts == ["hey"] * 20


def test_keys_appear_in_no_error_and_in_no_log(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told = {"error": {"message": f"Incorrect API key provided: {KEY}, also written sk-test-********cdef"}}
    with served(kind, json_answer(told, 401), kind.whole) as (fake, model):
        error = failure(model)
        list(model.reply(HELLO))
    assert any(KEY in value for value in fake.asked and fake.requests[0].headers.values()), "the key was never sent"
    texts = [str(error), repr(error), "".join(traceback.format_exception(error)), caplog.text, repr(model)]
    assert not [text for text in texts if KEY in text or "cdef" in text]
    assert "Incorrect API key provided: [key]" in error.message
    assert caplog.text
