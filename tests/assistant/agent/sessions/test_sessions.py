"""Sessions: what comes back after closing, undoing, redoing, forking and shortening."""

import json
import os
from pathlib import Path

import pytest
from support.session_scripts import turn_events, turn_messages

from demiurgic.agent.events import Compacted, Reminded, ToolOutput, TurnStarted
from demiurgic.agent.sessions.history import answered
from demiurgic.agent.sessions.session import Session
from demiurgic.agent.sessions.shelf import Shelf, Start
from demiurgic.agent.sessions.training import training_line
from demiurgic.errors import NoSuchSession, SessionError
from demiurgic.events import ReplyEnded, TextDelta
from demiurgic.messages import Assistant, System, Tool, ToolCall, ToolResult, User
from demiurgic.messages_json import read_conversation, read_tools

START = Start("a-model", "You are.", (Tool("read", "Reads.", {"type": "object"}),))


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    (tmp_path / "project").mkdir()
    return Shelf(tmp_path / "state", tmp_path / "project")


def say(session: Session, text: str, steps: int = 1) -> None:
    for event in turn_events(text, steps):
        session.saw((event,))


def reopened(shelf: Shelf, session: Session) -> Session:
    session.close()
    return shelf.open(session.id)


def test_a_session_goes_on_where_it_was_left(shelf: Shelf):
    session = shelf.new(START)
    assert session.conversation() == [System("You are.")]
    say(session, "one", 2)
    say(session, "two")
    expected = [System("You are."), *turn_messages("one", 2), *turn_messages("two")]
    assert session.conversation() == expected
    session = reopened(shelf, session)
    assert session.conversation() == expected
    assert session.history.began.tools == START.tools
    say(session, "three")
    assert reopened(shelf, session).conversation() == [*expected, *turn_messages("three")]


def test_the_resumed_view_shows_all_that_was_said_and_done(shelf: Shelf):
    session = shelf.new(START)
    say(session, "one", 2)
    shown = list(reopened(shelf, session).events())
    assert shown[0] == TurnStarted("one")
    left_out = [event for event in turn_events("one", 2) if event not in shown]
    assert len(shown) == len(list(turn_events("one", 2))) - len(left_out)
    assert not any(isinstance(event, ReplyEnded) for event in left_out)
    assert not any(isinstance(event, TextDelta | ToolOutput) for event in shown)


def test_every_event_is_on_disk_before_saw_returns(shelf: Shelf):
    session = shelf.new(START)
    path = shelf.path(session.id)
    for event in turn_events("one"):
        before = path.stat().st_size
        session.saw((event,))
        grew = path.stat().st_size > before
        assert grew == (event in list(session.events()))


def test_undo_and_redo_move_and_delete_nothing(shelf: Shelf):
    session = shelf.new(START)
    for text in ("one", "two", "three"):
        say(session, text)
        session.files_saved(f"before-{text}")
        session.files_saved(f"within-{text}")
    size = shelf.path(session.id).stat().st_size
    assert session.undo("s1").files == "before-three"
    assert session.undo("s2").files == "before-two"
    session = reopened(shelf, session)
    assert session.conversation() == [System("You are."), *turn_messages("one")]
    assert session.redo().files == "s2"
    assert session.redo().files == "s1"
    with pytest.raises(SessionError, match="nothing to redo"):
        session.redo()
    session = reopened(shelf, session)
    assert [turn.began.text for turn in session.history.path()] == ["one", "two", "three"]
    assert shelf.path(session.id).stat().st_size > size


def test_a_new_turn_after_undoing_is_a_branch(shelf: Shelf):
    session = shelf.new(START)
    for text in ("one", "two"):
        say(session, text)
    session.undo()
    say(session, "other")
    assert session.history.redo() is None
    session = reopened(shelf, session)
    assert session.conversation() == [System("You are."), *turn_messages("one"), *turn_messages("other")]
    assert session.history.turns[2].began.text == "two"
    session.undo(), session.undo()
    with pytest.raises(SessionError, match="nothing to undo"):
        session.undo()
    assert session.conversation() == [System("You are.")]


def test_files_that_a_crash_kept_from_their_place_are_known(shelf: Shelf):
    session = shelf.new(START)
    say(session, "one")
    session.files_saved("before")
    session.undo("after")
    session = reopened(shelf, session)
    assert session.history.unsettled == "before"
    session.files_settled()
    assert reopened(shelf, session).history.unsettled == ""


def test_a_state_that_is_taken_anew_is_the_one_that_undoing_goes_back_to(shelf: Shelf):
    session = shelf.new(START)
    say(session, "one")
    session.files_saved("before")
    session.files_saved("settled", anew=True)
    session.files_saved("within")
    session = reopened(shelf, session)
    assert session.undo("now").files == "settled"


def test_a_fork_goes_its_own_way(shelf: Shelf):
    session = shelf.new(START)
    for text in ("one", "two", "three"):
        say(session, text)
        session.files_saved(f"before-{text}")
    session.undo()
    before = shelf.path(session.id).read_bytes()
    fork = shelf.fork(session.id)  # while the other is open
    assert fork.conversation() == [System("You are."), *turn_messages("one"), *turn_messages("two")]
    say(fork, "apart")
    assert fork.undo().turn == 3
    assert fork.undo().files == "before-two"
    assert fork.history.began.forked_from == session.id
    assert shelf.path(session.id).read_bytes() == before


def test_a_shortened_conversation_stays_short(shelf: Shelf):
    session = shelf.new(START)
    conversation = [System("You are."), User("summary")]
    session.follow(conversation)
    say(session, "one")
    events = list(turn_events("two"))
    for event in (events[0], Compacted(1000, 100), *events[1:]):
        session.saw((event,))
    session = reopened(shelf, session)
    assert session.conversation() == [*conversation, *turn_messages("two")[1:]]
    assert session.history.conversation(whole=True) == [
        System("You are."),
        *turn_messages("one"),
        *turn_messages("two"),
    ]
    session.undo()
    assert session.conversation() == [System("You are."), *turn_messages("one")]


def test_reminders_are_part_of_the_conversation(shelf: Shelf):
    session = shelf.new(START)
    session.saw((TurnStarted("a"), Reminded("look again")))
    assert reopened(shelf, session).conversation() == [System("You are."), User("a"), User("look again", reminder=True)]


def test_a_call_that_lost_its_result_has_one_that_says_so(shelf: Shelf):
    session = shelf.new(START)
    for event in turn_events("one"):
        if event.__class__.__name__ == "ToolFinished":
            break
        session.saw((event,))
    session = reopened(shelf, session)
    *_, call, result = session.conversation()
    assert isinstance(call, Assistant)
    assert isinstance(result, ToolResult)
    assert result.call_id == call.calls[0].id
    assert "interrupted" in result.text
    assert not session.history.path()[-1].ended


def test_lost_results_stand_right_behind_their_calls():
    calls = tuple(ToolCall(str(number), "f", {}) for number in range(3))
    messages = [Assistant("", "", calls), ToolResult("0", "f", "first"), User("next")]
    whole = answered(messages)
    assert [getattr(message, "call_id", message.role) for message in whole] == ["assistant", "0", "1", "2", "user"]
    assert answered(whole) == whole


def test_the_list_names_each_session_by_its_beginning(shelf: Shelf, tmp_path: Path):
    first = shelf.new(START)
    say(first, "fix\n  the " + "very " * 30 + "long test")
    os.utime(shelf.path(first.id), (0, 0))
    second = shelf.new(START)
    say(second, "other")
    one, two = shelf.list()
    assert (one.title, one.turns, one.id) == ("other", 1, second.id)
    assert two.title.startswith("fix the very very")
    assert len(two.title) == 60
    assert two.folder == str(tmp_path / "project")
    assert shelf.latest() == second.id
    shelf.path("20200101-000000-abcdef").write_text('{"v":1,"type":"files_settled"}\n')
    assert [summary.problem for summary in shelf.list()].count("") == 2
    assert Shelf(tmp_path / "state", tmp_path).list() == []


def test_an_open_session_is_not_opened_twice(shelf: Shelf):
    session = shelf.new(START)
    with pytest.raises(SessionError, match="another process"):
        shelf.open(session.id)
    assert reopened(shelf, session).id == session.id


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "20200101-000000-abcdef/../x", "20200101-000000-abcdef"]
)
def test_a_session_that_is_none_is_refused(shelf: Shelf, name: str):
    with pytest.raises(NoSuchSession, match="no session"):
        shelf.open(name)


def test_training_data_holds_calls_and_results_of_the_branch_that_counts(shelf: Shelf):
    session = shelf.new(START)
    say(session, "one")
    say(session, "two")
    session.undo()
    say(session, "other")
    example = json.loads(training_line(session.history))
    assert [message["role"] for message in example["messages"]] == [
        "system",
        *["user", "assistant", "tool", "assistant"] * 2,
    ]
    assert example["messages"][2]["tool_calls"][0]["function"] == {"name": "read", "arguments": {"path": "0.py"}}
    assert example["messages"][2]["reasoning_content"] == "thinking"
    assert example["messages"][3] == {"role": "tool", "tool_call_id": "one-0", "name": "read", "content": "result 0"}
    assert example["tools"][0]["function"]["name"] == "read"
    assert read_conversation(example["messages"]) == tuple(session.history.conversation(whole=True))
    assert read_tools(example["tools"]) == session.history.began.tools
    assert example["messages"][5]["content"] == "other"
    session.undo()
    say(session, "\udcff")
    assert json.loads(training_line(session.history))["messages"][5]["content"] == "\udcff"


def test_only_its_owner_can_read_a_session(shelf: Shelf):
    path = shelf.path(shelf.new(START).id)
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
