"""Broken calls of a local model: who follows sees one call, which is finished or rejected, and nothing behind it."""

import pytest

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ReplyOptions
from demiurgic.engine.scripted import Script, ScriptedEngine
from demiurgic.events import CallFinished, CallRejected, CallStarted, Finish, ReplyEnded, TextDelta
from demiurgic.messages import Tool, User
from demiurgic.templates.chatml import ChatML
from demiurgic.templates.protocol import Vocabulary

READ = Tool("read", "", {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]})
DROP = Tool("drop", "", {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]})


def call(name, arguments):
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


GOOD, BROKEN = call("read", '{"path": "a.py"}'), call("read", '{"file": 1}')


def run(*answers, options=ReplyOptions(), **script):
    engine = ScriptedEngine(Script(answers=answers, **script))
    model = LocalChat(engine, ChatML(Vocabulary(engine.facts.markers)), "test")
    events = list(model.reply([User("hi")], [READ, DROP], options))
    ended = events[-1]
    assert isinstance(ended, ReplyEnded)
    return engine, events, ended


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def test_a_repaired_call_is_one_call_from_start_to_end():
    _, events, ended = run(BROKEN, GOOD)
    [started], [finished] = of(CallStarted, events), of(CallFinished, events)
    assert (started.index, started.id) == (finished.index, finished.call.id)
    assert of(CallRejected, events) == []
    assert ended.message.calls == (finished.call,)
    assert (ended.finish, ended.rejected) == (Finish.CALLS, ())


@pytest.mark.parametrize("piece", [1, 3, 7, 1000])
def test_what_stood_before_the_broken_call_stays_and_what_stood_behind_it_goes(piece):
    first, later = call("drop", '{"id": 7}'), call("drop", '{"id": 8}')
    engine, events, ended = run(f"Ahä.\n{first}\n{BROKEN}\n{later}", GOOD, piece=piece)
    assert [(made.name, dict(made.arguments)) for made in ended.message.calls] == [
        ("drop", {"id": 7}),
        ("read", {"path": "a.py"}),
    ]
    assert "".join(event.text for event in of(TextDelta, events)).strip() == "Ahä."
    asked, again = (request.prompt for request in engine.requests)
    assert engine.detokenize(again[len(asked) :]).decode() == f"Ahä.\n{first}\n"


def test_a_call_of_an_unknown_tool_may_become_a_call_of_any_known_one():
    engine, events, ended = run(call("fetch", "{}"), call("drop", '{"id": 3}'))
    assert [made.name for made in ended.message.calls] == ["drop"]
    assert [event.name for event in of(CallStarted, events)] == ["drop"]
    assert '"read"' in (engine.requests[1].grammar or "").replace("\\", "")


def test_a_known_tool_is_all_that_the_second_try_may_call():
    engine, _, _ = run(BROKEN, GOOD)
    assert "drop" not in (engine.requests[1].grammar or "")


def test_there_is_no_third_try_and_the_call_is_rejected_once():
    engine, events, ended = run(BROKEN, BROKEN)
    assert len(engine.requests) == 2
    [started], [rejected] = of(CallStarted, events), of(CallRejected, events)
    assert started.index == rejected.index
    assert ended.rejected == (rejected,)
    assert (ended.finish, ended.message.calls) == (Finish.CALLS, ())


def test_a_limit_holds_for_both_tries_together():
    text = "Hm.\n"
    engine, _, _ = run(text + BROKEN, GOOD, options=ReplyOptions(max_tokens=200), piece=1)
    assert engine.requests[1].max_tokens == 200 - len(engine.tokenize(text))


def test_a_call_that_the_limit_cut_off_is_not_tried_again():
    engine, events, ended = run(GOOD, options=ReplyOptions(max_tokens=40))
    assert len(engine.requests) == 1
    assert of(CallRejected, events) == list(ended.rejected) != []
    assert ended.finish is Finish.LENGTH


def test_a_repaired_turn_is_tokenised_from_its_text_the_next_time():
    engine = ScriptedEngine(Script(answers=(f"Hm.\n{BROKEN}", GOOD, "Done.")))
    model = LocalChat(engine, ChatML(Vocabulary(engine.facts.markers)), "test")
    ended = list(model.reply([User("hi")], [READ]))[-1]
    assert isinstance(ended, ReplyEnded)
    list(model.reply([User("hi"), ended.message, User("on")], [READ]))
    sent = engine.detokenize(engine.requests[2].prompt).decode()
    assert f"Hm.\n{GOOD}<|im_end|>" in sent
    assert BROKEN not in sent
