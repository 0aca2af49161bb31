"""From a provider's whole reply to an answer: cut off, declined, with reasoning, with a cost of its own."""

from contextlib import closing
from decimal import Decimal

import pytest
from support.teaching import KEY

from demiurgic.chat.anthropic_api import reach as reach_anthropic
from demiurgic.chat.openai_api import reach as reach_openai
from demiurgic.errors import ProviderError
from demiurgic.messages import Usage, User
from demiurgic_training.teachers.anthropic import AnthropicWire
from demiurgic_training.teachers.openai import OpenAIWire
from demiurgic_training.teachers.protocol import question
from demiurgic_training.teachers.remote import RemoteTeacher, read


def openai(url: str = "http://127.0.0.1:9/v1") -> OpenAIWire:
    return OpenAIWire(reach_openai("m", url, KEY))


def anthropic() -> AnthropicWire:
    return AnthropicWire(reach_anthropic("m", None, KEY))


def completion(finish: str | None, usage=None, **message):
    choices = [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}]
    return {"choices": choices, "usage": usage or {"prompt_tokens": 10, "completion_tokens": 4}}


def message(reason: str | None, *blocks):
    usage = {"input_tokens": 10, "output_tokens": 4, "cache_read_input_tokens": 6}
    return {"content": list(blocks), "stop_reason": reason, "usage": usage}


def test_a_whole_completion():
    answer = read(openai(), completion("stop", content="Hello", reasoning_content="Hm"))
    assert (answer.text, answer.reasoning, answer.finish) == ("Hello", "Hm", "stop")
    assert answer.usage == Usage(prompt=10, completion=4)


def test_a_whole_message():
    thinking = {"type": "thinking", "thinking": "Hm", "signature": "s"}
    answer = read(anthropic(), message("end_turn", thinking, {"type": "text", "text": "Hello"}))
    assert (answer.text, answer.reasoning, answer.finish) == ("Hello", "Hm", "stop")
    assert answer.usage == Usage(prompt=16, cached=6, completion=4)


def test_what_was_cut_off_says_so():
    assert read(openai(), completion("length", content="Hel")).finish == "length"
    assert read(anthropic(), message("max_tokens", {"type": "text", "text": "Hel"})).finish == "length"


def test_what_was_declined_is_an_answer_that_costs():
    filtered = read(openai(), completion("content_filter", content=""))
    refused = read(anthropic(), message("refusal", {"type": "text", "text": ""}))
    assert [each.finish for each in (filtered, refused)] == ["declined", "declined"]
    assert [each.usage.completion for each in (filtered, refused)] == [4, 4]


@pytest.mark.parametrize("reply", [{}, {"choices": []}, {"choices": "x"}, completion(None, content="Hello")])
def test_what_does_not_say_how_it_ended_is_no_reply(reply):
    with pytest.raises(ProviderError, match="no reply"):
        read(openai(), reply)


def test_open_router_says_what_it_took():
    usage = {"prompt_tokens": 10, "completion_tokens": 4, "cost": 0.00031}
    there = openai("https://openrouter.ai/api/v1")
    assert read(there, completion("stop", usage, content="Hello")).charged == Decimal("0.00031")
    assert read(openai(), completion("stop", usage, content="Hello")).charged is None


def test_a_teacher_that_takes_no_temperature_is_asked_without():
    ask = question((User("Hello"),), 50, temperature=0.7, seed=3)
    assert openai().body(ask)["temperature"] == 0.7
    body = anthropic().body(ask)
    assert not {"temperature", "seed", "stream", "cache_control"} & set(body)
    assert body["max_tokens"] == 50
    with closing(RemoteTeacher(anthropic())) as teacher:
        assert teacher.name == "anthropic:m"
