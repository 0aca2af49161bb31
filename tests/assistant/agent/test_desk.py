"""The desk: files and talk go back together, and come back."""

import json
import threading
from pathlib import Path

import pytest
from support.desks import call, desk, scripted

from demiurgic.errors import EngineError, SessionError
from demiurgic.messages import User


def said(here) -> list[str]:
    return [message.text for message in here.agent.conversation if isinstance(message, User)]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "project").mkdir()
    return tmp_path / "project", tmp_path / "state"


def test_undo_and_redo_move_files_and_talk_together(folders):
    project, state = folders
    (project / ".gitignore").write_text("secret.txt\n")
    (project / "secret.txt").write_text("ignored, and the user's own")
    steps = (
        call("write", path="a.txt", content="a"),
        call("write", path="secret.txt", content="gone"),
        "Done.",
        "Yes.",
    )
    here = desk(project, state, scripted(*steps))
    list(here.say("write"))
    list(here.say("sure?"))
    here.undo()
    assert said(here) == ["write"]
    moved = here.undo()
    assert moved.text == "write"
    assert said(here) == []
    assert not (project / "a.txt").exists()
    assert (project / "secret.txt").read_text() == "ignored, and the user's own"
    with pytest.raises(SessionError, match="nothing to undo"):
        here.undo()
    here.redo()
    here.redo()
    assert said(here) == ["write", "sure?"]
    assert (project / "a.txt").read_text() == "a\n"
    assert (project / "secret.txt").read_text() == "gone"
    here.close()


def test_what_is_undone_is_not_read_again(folders):
    here = desk(*folders, scripted("One.", "Two.", "Two again."))
    list(here.say("first"))
    before = here.agent.conversation.copy()
    list(here.say("second"))
    here.undo()
    assert here.agent.conversation == before
    list(here.say("second"))
    _, second, again = (request.prompt for request in here.equipment.model.engine.requests)
    assert again == second
    here.close()


def test_an_export_is_one_more_line_of_a_file_and_there_must_be_something_to_export(folders, tmp_path: Path):
    here = desk(*folders, scripted("One."))
    with pytest.raises(SessionError, match="nothing to export yet"):
        here.export(tmp_path / "out.jsonl")
    list(here.say("first"))
    here.export(tmp_path / "out.jsonl")
    here.export(tmp_path / "out.jsonl")
    here.close()
    one, other = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    assert one == other
    assert [message["role"] for message in json.loads(one)["messages"]] == ["system", "user", "assistant"]


def test_a_fork_goes_its_own_way(folders):
    here = desk(*folders, scripted("One.", "Two."))
    list(here.say("first"))
    name = here.session.id
    here.fork()
    list(here.say("second"))
    assert said(here) == ["first", "second"]
    here.open(name)
    assert said(here) == ["first"]
    assert {summary.turns for summary in here.sessions()} == {1, 2}
    here.close()


def test_a_conversation_goes_on_after_a_restart(folders):
    here = desk(*folders, scripted("One."))
    list(here.say("first"))
    name = here.session.id
    here.close()
    again = desk(*folders, scripted("Two."), name)
    list(again.say("second"))
    assert said(again) == ["first", "second"]
    again.close()


def test_shortening_by_hand_is_remembered(folders):
    here = desk(*folders, scripted(" ".join(f"word {number}" for number in range(1000)), "In short: words."))
    with pytest.raises(SessionError):
        here.compact(threading.Event())
    list(here.say("talk"))
    shortened = here.compact(threading.Event())
    assert shortened.after < shortened.before / 2
    kept = here.agent.conversation.copy()
    name = here.session.id
    here.close()
    again = desk(*folders, scripted(), name)
    assert again.agent.conversation == kept
    again.close()


def test_a_summary_that_is_stopped_changes_nothing(folders):
    here = desk(*folders, scripted(" ".join(f"word {number}" for number in range(1000)), "In short: words."))
    list(here.say("talk"))
    before = here.agent.conversation.copy()
    stopped = threading.Event()
    stopped.set()
    with pytest.raises(SessionError, match="stays as it is"):
        here.compact(stopped)
    assert here.agent.conversation == before
    assert here.session.conversation() == before
    here.close()


def test_the_context_is_told_to_the_last_token(folders):
    here = desk(*folders, scripted("One."))
    list(here.say("first"))
    parts = dict(here.context())
    assert sum(tokens for name, tokens in parts.items() if name not in ("context", "free")) == here.agent.used()
    assert parts["free"] + here.agent.used() == parts["context"]
    here.close()


def test_another_model_goes_on_with_its_own_prompt_and_tools(folders):
    first, second = scripted(" ".join(map(str, range(2000))), "In short.", "Two."), scripted("Three.", "Four.")
    here = desk(*folders, first, models={"second": second})
    list(here.say("first"))
    here.compact(threading.Event())
    before = here.session.id
    here.use("second")
    assert here.session.id != before
    list(here.say("on"))
    assert here.agent.conversation[-1].text == "Three."
    assert second.engine.requests
    with pytest.raises(EngineError):  # it was let go of
        list(first.reply(here.agent.conversation))
    here.close()
    with pytest.raises(EngineError):
        list(second.reply(here.agent.conversation))


def test_a_model_that_cannot_be_had_changes_nothing(folders):
    here = desk(*folders, scripted("One.", "Two."), models={})
    list(here.say("first"))
    before = here.session.id
    with pytest.raises(KeyError):
        here.use("nobody")
    assert here.session.id == before
    list(here.say("second"))
    assert said(here) == ["first", "second"]
    here.close()


def test_a_turn_whose_files_are_not_kept_any_more_cannot_be_undone_and_harms_nothing(folders):
    project, state = folders
    steps = (call("write", path="a.txt", content="1"), "One.", call("write", path="a.txt", content="2"), "Two.")
    here = desk(project, state, scripted(*steps))
    list(here.say("first"))
    list(here.say("second"))
    name = here.session.id
    here.snapshots.expire(older_than=-1)
    here.undo()  # the latest state is always kept
    with pytest.raises(SessionError, match="not kept any more"):
        here.undo()
    kept, text = said(here), (project / "a.txt").read_text()
    here.close()
    again = desk(project, state, scripted("Three."), name)
    assert (said(again), (project / "a.txt").read_text()) == (kept, text)
    again.close()
