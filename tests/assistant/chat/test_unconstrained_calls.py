"""Calls without a grammar: written freely, read as ever, rejected where no tool could take them."""

import pytest

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import Named, ReplyOptions
from demiurgic.engine.scripted import Script, ScriptedEngine
from demiurgic.errors import UnsupportedRequest
from demiurgic.events import CallRejected, Finish
from demiurgic.messages import Tool, User
from demiurgic.templates.chatml import ChatML
from demiurgic.templates.protocol import Vocabulary

READ = Tool("read", "", {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]})
GOOD = '<tool_call>\n{"name": "read", "arguments": {"path": "a.py"}}\n</tool_call>'
BROKEN = '<tool_call>\n{"name": "read", "arguments": {"file": 1}}\n</tool_call>'
FREELY = ReplyOptions(constrain=False)


def model(*answers, **script) -> LocalChat:
    engine = ScriptedEngine(Script(answers=answers, **script))
    return LocalChat(engine, ChatML(Vocabulary(engine.facts.markers)), "test")


def asked(chat, options):
    events = list(chat.reply([User("hi")], [READ], options))
    return events, events[-1], chat.engine.requests


def test_nothing_binds_the_model_and_a_good_call_is_a_call():
    _, ended, [request] = asked(model(GOOD), FREELY)
    assert request.grammar is None
    assert dict(ended.message.calls[0].arguments) == {"path": "a.py"}
    assert ended.finish is Finish.CALLS


def test_a_broken_call_is_rejected_without_a_second_try():
    events, ended, requests = asked(model(BROKEN, GOOD), FREELY)
    assert len(requests) == 1
    assert ended.message.calls == ()
    assert ended.rejected == tuple(event for event in events if isinstance(event, CallRejected))
    assert "path" in ended.rejected[0].problem
    assert len(asked(model(BROKEN, GOOD), ReplyOptions())[2]) == 2


def test_what_was_rejected_does_not_come_back_as_the_models_own_words():
    unfinished = GOOD.removesuffix("\n</tool_call>").removesuffix("}")
    chat = model(f"Let me see.\n{unfinished}", "Done.")
    _, ended, _ = asked(chat, FREELY)
    assert ended.rejected
    list(chat.reply([User("hi"), ended.message, User("go on")], [READ], FREELY))
    assert b"a.py" not in chat.engine.detokenize(chat.engine.requests[1].prompt)


@pytest.mark.parametrize("choice", ["required", Named("read")])
def test_without_a_grammar_nothing_can_be_required(choice):
    chat = model("never")
    with pytest.raises(UnsupportedRequest):
        chat.reply([User("hi")], [READ], ReplyOptions(tool_choice=choice, constrain=False))
    assert chat.engine.requests == []
