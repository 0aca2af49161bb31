"""Characters over a real server: CharacterGLM in its own form, other models by a system message."""

import json

import pytest
from support.engines import opened
from support.serving import served
from support.tiny_models import make_chatglm3

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ReplyOptions
from demiurgic.events import ReplyEnded
from demiurgic.messages import Assistant, User
from demiurgic.templates.characterglm import CharacterGlm, Persona
from demiurgic.templates.protocol import Vocabulary

PATH = "/v1/characters/chat"
META = {
    "bot_name": "Ahab",
    "bot_info": "A captain.\nHe hunts a whale.",
    "user_name": "Ishmael",
    "user_info": "A sailor",
}
TALK = [
    {"role": "user", "content": "Good morning, captain."},
    {"role": "assistant", "content": "Is it?"},
    {"role": "user", "content": "What do you see?"},
]
INTRODUCTION = """You are Ahab, and you speak with Ishmael.
What is known of Ahab: A captain.
He hunts a whale.
What is known of Ishmael: A sailor
Write only what Ahab says next, in character and in the conversation's language."""


@pytest.fixture(scope="module")
def server(tmp_path_factory, smollm2):
    with served(tmp_path_factory.mktemp("server"), smollm2, "--ctx", 1024, "--parallel", 2) as server:
        yield server


@pytest.fixture(scope="module")
def character(tiny_folder):
    return make_chatglm3(tiny_folder / "characterglm.gguf", name="tiny-characterglm", seed=3)


@pytest.fixture(scope="module")
def stage(tmp_path_factory, character):
    with served(tmp_path_factory.mktemp("stage"), character, "--ctx", 1024, "--parallel", 2) as server:
        yield server


def asked(server, **wishes):
    with server.client() as client:
        return client.post(PATH, json={"session_meta": META, "messages": TALK, "max_tokens": 16, **wishes})


def streamed(server, **wishes):
    """The text of all deltas, and the last event."""
    events = asked(server, stream=True, **wishes).text.split("\n\n")
    values = [json.loads(event.removeprefix("data: ")) for event in events if event.startswith("data: ")]
    return "".join(value["delta"] for value in values[:-1]), values[-1]


def test_another_model_is_told_who_it_is_in_a_system_message(server):
    answer = asked(server).json()
    with server.client() as client:
        messages = [{"role": "system", "content": INTRODUCTION}, *TALK]
        plain = client.post("/v1/chat/completions", json={"messages": messages, "max_tokens": 16}).json()
    assert answer["message"] == {"role": "assistant", "content": plain["choices"][0]["message"]["content"]}
    assert answer["usage"]["prompt_tokens"] == plain["usage"]["prompt_tokens"]
    assert answer["character"] == "Ahab"
    assert answer["finish_reason"] == plain["choices"][0]["finish_reason"]
    assert answer["model"] == plain["model"]


def test_a_stream_says_the_same_and_ends_with_what_it_took(server):
    whole = asked(server).json()
    text, last = streamed(server)
    assert text == whole["message"]["content"] != ""
    assert last["usage"]["completion_tokens"] == whole["usage"]["completion_tokens"] > 0
    assert (last["character"], last["finish_reason"]) == ("Ahab", whole["finish_reason"])


def expected(character, persona, lines):
    """What the model says behind the scene in CharacterGLM's own form, and how many tokens the scene has."""
    text = (
        f"以下是一段{persona.bot_name}和{persona.user_name}之间的对话。\n"
        f"关于{persona.bot_name}的信息：A captain. He hunts a whale.\n"
        f"关于{persona.user_name}的信息：{persona.user_info}\n"
        f"[{persona.user_name}]Good morning, captain.\n[{persona.bot_name}]Is it?\n"
        f"[{persona.user_name}]What do you see?\n[{persona.bot_name}]"
    )
    with opened(character, context=1024, kv_type="f16") as engine:
        template = CharacterGlm(Vocabulary(engine.facts.markers), persona)
        assert "".join(segment.text for segment in template.render(lines)) == text
        chat = LocalChat(engine, template, "character")
        *_, ended = chat.reply(lines, options=ReplyOptions(max_tokens=16))
    assert isinstance(ended, ReplyEnded)
    return ended.message.text, ended.usage.prompt


@pytest.mark.parametrize("named", [True, False])
def test_characterglm_speaks_in_its_own_form(stage, character, named):
    meta = META if named else {key: value for key, value in META.items() if key != "user_name"}
    lines = (User(TALK[0]["content"]), Assistant(TALK[1]["content"]), User(TALK[2]["content"]))
    persona = Persona(**META) if named else Persona(**META | {"user_name": "用户"})
    text, size = expected(character, persona, lines)
    answer = asked(stage, session_meta=meta).json()
    assert answer["message"]["content"] == text != ""
    assert answer["usage"]["prompt_tokens"] == size
    assert streamed(stage, session_meta=meta)[0] == text


def test_a_line_of_characterglm_ends_with_the_line(stage):
    answers = [asked(stage, temperature=1.5, max_tokens=300, seed=seed).json() for seed in range(6)]
    assert "stop" in {answer["finish_reason"] for answer in answers}
    assert not [answer for answer in answers if "\n" in answer["message"]["content"]]
    assert asked(stage, temperature=1.5, max_tokens=300, seed=0).json()["message"] == answers[0]["message"]
    assert len({answer["message"]["content"] for answer in answers}) == len(answers)


def test_a_remote_model_plays_a_character_too(tmp_path, server):
    with server.client() as client:
        name = client.get("/v1/models").json()["data"][0]["id"]
    with served(tmp_path, f"{server.url}/v1#{name}", "--ctx", 1024) as front:
        assert asked(front).json()["message"] == asked(server).json()["message"]


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"session_meta": {"bot_info": "x"}}, "session_meta.bot_name"),
        ({"session_meta": META | {"bot_name": "A]\n[B"}}, "session_meta.bot_name"),
        ({"session_meta": META | {"user_name": "  "}}, "session_meta.user_name"),
        ({"session_meta": META | {"mood": "grim"}}, "session_meta.mood"),
        ({"messages": []}, "messages"),
        ({"messages": TALK[:2]}, "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages.0.role"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"tools": []}, "tools"),
    ],
)
def test_what_is_wrong_is_named(server, wishes, field):
    answer = asked(server, **wishes)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == field


@pytest.mark.parametrize("stream", [False, True])
def test_too_much_to_know_of_a_character_is_an_error(stage, stream):
    answer = asked(stage, session_meta=META | {"bot_info": "He is old. " * 2000}, stream=stream)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "context_length_exceeded"
