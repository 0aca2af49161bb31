"""Work that is handed out: a helper with a conversation of its own, over the same files and under the same rules."""

import threading
from pathlib import Path

import pytest
from support.desks import Answers, Seen, Verdicts, call, desk, equipment, scripted

from demiurgic.agent.agent import Agent
from demiurgic.agent.events import (
    Answer,
    ApprovalAsked,
    Delegated,
    StepStarted,
    ToolFinished,
    ToolStarted,
    TurnEnd,
    TurnEnded,
)
from demiurgic.agent.judging import Asks
from demiurgic.events import TextDelta
from demiurgic.messages import Assistant, System, ToolResult, User

HAND_OUT = call("task", prompt="Which file holds the port?")


def within(events: list) -> list:
    return [event.event for event in events if isinstance(event, Delegated)]


def own(events: list, kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


def test_only_the_answer_comes_back(tmp_path: Path):
    (tmp_path / "config.ini").write_text("port = 8471\n")
    model = scripted(HAND_OUT, call("read", path="config.ini"), "config.ini, it is 8471.", "Port 8471.")
    agent = Agent(equipment(tmp_path, model))
    events = list(agent.turn("which port?"))
    kinds = [type(message) for message in agent.conversation]
    assert kinds == [System, User, Assistant, ToolResult, Assistant]
    assert agent.conversation[3].text == "config.ini, it is 8471."
    assert events[-1].message.text == "Port 8471."
    assert [event.name for event in own(within(events), ToolFinished)] == ["read"]
    assert isinstance(within(events)[-1], TurnEnded)
    assert [event.name for event in own(events, ToolFinished)] == ["task"]
    assert events[-1].usage.completion > within(events)[-1].usage.completion > 0


def test_a_helper_begins_with_the_same_tokens(tmp_path: Path):
    model = scripted(HAND_OUT, "Nothing.", "Done.")
    agent = Agent(equipment(tmp_path, model))
    list(agent.turn("go"))
    first, helper, second = (request.prompt for request in model.engine.requests)
    shared = next(at for at, (one, other) in enumerate(zip(first, helper, strict=False)) if one != other)
    system = model.count_tokens(agent.conversation[:1], agent.specs)
    assert shared >= system - 5
    assert second[: len(first)] == first


def test_a_helper_cannot_hand_out_work(tmp_path: Path):
    agent = Agent(equipment(tmp_path, scripted(HAND_OUT, HAND_OUT, "I cannot.", "Well.")))
    events = list(agent.turn("go"))
    [refused] = own(within(events), ToolFinished)
    assert refused.failed
    assert "cannot hand out work" in refused.text
    assert not own(within(events), Delegated)


def test_what_a_helper_writes_counts_and_has_to_be_read_again(tmp_path: Path):
    (tmp_path / "a.txt").write_text("one\n")
    steps = (
        call("read", path="a.txt"),
        HAND_OUT,
        call("write", path="a.txt", content="two\n"),
        "Written.",
        call("write", path="a.txt", content="three\n"),
        "I wrote a.txt.",
    )
    events = list(Agent(equipment(tmp_path, scripted(*steps))).turn("go"))
    assert events[-1].wrote == ("a.txt",)
    last = own(events, ToolFinished)[-1]
    assert last.failed
    assert "changed" in last.text
    assert (tmp_path / "a.txt").read_text() == "two\n"


def test_a_helper_asks_like_anybody(tmp_path: Path):
    judge, approver = Verdicts(Asks("it writes a.txt")), Answers(Answer("deny", "leave it"))
    steps = (HAND_OUT, call("write", path="a.txt", content="x"), "It may not be.", "Then not.")
    agent = Agent(equipment(tmp_path, scripted(*steps), judge=judge, approver=approver))
    events = list(agent.turn("go"))
    assert len(own(within(events), ApprovalAsked)) == 1
    assert not (tmp_path / "a.txt").exists()


def test_cancelling_the_turn_ends_the_helper(tmp_path: Path):
    agent = Agent(equipment(tmp_path, scripted(HAND_OUT, "word " * 2000, delay=0.01)))
    turn = agent.turn("go")
    seen = []
    for event in turn:
        seen.append(event)
        if isinstance(event, Delegated) and isinstance(event.event, TextDelta):
            threading.Thread(target=turn.cancel).start()
    assert seen[-1].reason is TurnEnd.CANCELLED
    assert within(seen)[-1].reason is TurnEnd.CANCELLED
    assert len(own(seen, StepStarted)) == 1


def test_a_helper_that_does_not_end_well_says_so(tmp_path: Path):
    steps = (HAND_OUT, *[call("read", path=f"{number}") for number in range(40)])
    agent = Agent(equipment(tmp_path, scripted(*steps, "Oh.")))
    events = list(agent.turn("go"))
    [finished] = own(events, ToolFinished)[:1]
    assert finished.failed
    assert "did not finish" in finished.text
    assert len(own(within(events), StepStarted)) == 20


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "project").mkdir()
    return tmp_path / "project", tmp_path / "state"


def test_a_helpers_work_is_written_down_and_can_be_undone(folders):
    project, state = folders
    (project / "a.txt").write_text("one\n")
    seen = Seen()
    steps = (HAND_OUT, call("write", path="a.txt", content="two\n"), "Written.", "Done.")
    here = desk(project, state, scripted(*steps), observers=(seen,))
    list(here.say("go"))
    told = [event for event in here.session.events() if isinstance(event, Delegated)]
    assert [type(event.event) for event in told if isinstance(event.event, ToolStarted | ToolFinished)] == [
        ToolStarted,
        ToolFinished,
    ]
    assert not any(isinstance(event.event, TextDelta) for event in told)
    assert any(isinstance(event, Delegated) for event in seen.events)
    name = here.session.id
    here.close()
    again = desk(project, state, scripted(), name)
    assert [event for event in again.session.events() if isinstance(event, Delegated)] == told
    again.undo()
    assert (project / "a.txt").read_text() == "one\n"
    again.close()
