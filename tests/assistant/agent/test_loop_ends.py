"""However a turn ends, the conversation can go on: each call has its result, and the turn says that it ended."""

import os
import threading
import time
from pathlib import Path

from support.desks import call, desk, equipment, scripted
from support.scripted_chat import Pace, ScriptedChat

from demiurgic.agent.agent import Agent
from demiurgic.agent.events import Compacted, Reminded, ToolFinished, ToolStarted, TurnEnd, TurnEnded
from demiurgic.chat.protocol import ReplyOptions
from demiurgic.errors import SessionError
from demiurgic.events import ReplyEnded
from demiurgic.messages import Assistant, Message, System, ToolResult, User

WRITE = call("write", path="a.txt", content="a")
LONG = " ".join(f"word {number}" for number in range(1500))


def unanswered(conversation: list[Message]) -> set[str]:
    calls = {each.id for message in conversation if isinstance(message, Assistant) for each in message.calls}
    return calls - {message.call_id for message in conversation if isinstance(message, ToolResult)}


def test_calls_of_a_reply_after_which_the_user_stopped_are_answered_and_not_carried_out(tmp_path: Path):
    agent = Agent(equipment(tmp_path, scripted(WRITE, "Done.")))
    running = agent.turn("go")
    events = []
    for event in running:
        events.append(event)
        if isinstance(event, ReplyEnded):
            running.cancel()
    assert events[-1].reason is TurnEnd.CANCELLED
    assert not any(isinstance(event, ToolStarted) for event in events)
    assert not (tmp_path / "a.txt").exists()
    assert agent.conversation[-1].role == "tool"
    assert not unanswered(agent.conversation)


def test_calls_before_the_place_where_a_reply_was_cut_off_are_carried_out(tmp_path: Path):
    model = scripted(f"{WRITE}\n{'word ' * 500}")
    agent = Agent(equipment(tmp_path, model, wishes=ReplyOptions(max_tokens=100, constrain=False)))
    events = list(agent.turn("go"))
    assert [event.name for event in events if isinstance(event, ToolFinished)] == ["write"]
    assert (tmp_path / "a.txt").read_text() == "a\n"
    assert events[-1].reason is TurnEnd.TOKEN_LIMIT
    assert not unanswered(agent.conversation)


class Slow(ScriptedChat):
    """Reads for minutes before it says a word. `asked_for` is set as soon as it is asked."""

    context = 2000

    def __init__(self):
        super().__init__((), Pace(reading=400))
        self.asked_for = threading.Event()

    def reply(self, conversation, tools=(), options=None):
        self.asked_for.set()
        return super().reply(conversation, tools)


def test_a_summary_that_nobody_waits_for_is_given_up_and_the_conversation_stays_as_it_is(tmp_path: Path):
    model = Slow()
    before = [System("You are tested."), User("word " * 1500), Assistant("Yes.")]
    agent = Agent(equipment(tmp_path, model, tools=()), before)
    running, started = agent.turn("go"), time.monotonic()
    user = threading.Thread(target=lambda: model.asked_for.wait() and running.cancel())
    user.start()
    events = list(running)
    user.join()
    assert time.monotonic() - started < 60
    assert events[-1].reason is TurnEnd.CANCELLED
    assert not any(isinstance(event, Compacted) for event in events)
    assert agent.conversation == [*before, User("go")]


def test_a_file_that_cannot_be_attached_is_told_of(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "a.txt").write_text("content")
    agent = Agent(equipment(tmp_path, scripted("Fine.", "Fine.", "Fine.")))
    (tmp_path / "b.bin").write_bytes(b"\0\1")
    (tmp_path / "long.txt").write_text("word " * 30_000)
    (tmp_path / "over.txt").write_text("word " * 15_000)
    (tmp_path / "link.txt").symlink_to("a.txt")
    events = list(agent.turn("compare @pipe.txt, @b.bin, @long.txt, @over.txt with @a.txt"))
    assert isinstance(events[-1], TurnEnded)
    [attached] = [event.text for event in events if isinstance(event, Reminded)]
    pipe, binary, long, over, whole = attached.split("\n\n")
    assert pipe == "pipe.txt is a FIFO, not a file"
    assert binary == "b.bin is not attached: it is no text"
    assert long == "long.txt is not attached: it is too long; read the part that matters"
    assert over.startswith("over.txt is not attached: it has ")
    assert whole == "a.txt is now:\n```\ncontent\n```"
    (tmp_path / "two words.txt").write_text("both")
    [quoted] = [event.text for event in agent.turn('look at @"two words.txt"') if isinstance(event, Reminded)]
    assert quoted == "two words.txt is now:\n```\nboth\n```"
    [linked] = [event.text for event in agent.turn("and @link.txt?") if isinstance(event, Reminded)]
    assert linked.startswith("link.txt goes through the link")


def test_a_file_that_was_not_shown_is_not_taken_for_seen_because_another_one_says_so(tmp_path: Path):
    (tmp_path / "a.txt").write_text("b.bin is now:")
    (tmp_path / "b.bin").write_bytes(b"\0\1")
    agent = Agent(equipment(tmp_path, scripted("Fine.")))
    list(agent.turn("compare @a.txt with @b.bin"))
    assert agent.runner.files.paths == ["a.txt"]


def test_a_small_model_hears_which_named_files_are_not_there_yet(tmp_path: Path):
    (tmp_path / "a.txt").write_text("content")
    told = []
    for guided in (True, False):
        agent = Agent(equipment(tmp_path, scripted("Fine."), guided=guided))
        events = agent.turn(
            "Copy a.txt to src/new.py, and to src/new.py and ../out.py. Then stop, e.g. at 0.19, A.K.L."
        )
        told.append([event.text for event in events if isinstance(event, Reminded)])
    assert told == [["a.txt is now:\n```\ncontent\n```\n\nsrc/new.py does not exist yet."], []]


def test_notes_of_the_project_are_told_again_where_they_were_taken_back(tmp_path: Path):
    project = tmp_path / "project"
    project.mkdir()
    (project / "AGENTS.md").write_text("Use tabs.")
    here = desk(project, tmp_path / "state", scripted("One.", "Two."))
    list(here.say("first"))
    here.undo()
    list(here.say("second"))
    assert sum("Use tabs." in message.text for message in here.agent.conversation) == 1
    here.close()


def test_the_plan_outlives_a_shortened_conversation_with_all_its_items(tmp_path: Path):
    items = [{"text": "look around", "state": "done"}, {"text": "mend the roof", "state": "pending"}]
    model = scripted(call("todo", items=items), LONG, "In short.")
    agent = Agent(equipment(tmp_path, model))
    list(agent.turn("go"))
    agent.shorten(threading.Event())
    assert "done: look around\npending: mend the roof" in agent.conversation[1].text


def test_notes_of_the_project_outlive_a_shortened_conversation(tmp_path: Path):
    (tmp_path / "AGENTS.md").write_text("Use tabs.")
    model = scripted(LONG, "In short.", "Yes.")
    agent = Agent(equipment(tmp_path, model))
    list(agent.turn("first"))
    agent.shorten(threading.Event())
    list(agent.turn("second"))
    assert any("Use tabs." in message.text for message in agent.conversation)


def test_what_the_user_said_and_the_plan_outlive_two_shortenings(tmp_path: Path):
    items = [{"text": "mend the roof", "state": "pending"}]
    model = scripted(call("todo", items=items), LONG, "In short.", LONG, "Shorter still.")
    agent = Agent(equipment(tmp_path, model))
    list(agent.turn("mend the house"))
    agent.shorten(threading.Event())
    list(agent.turn("and the garden"))
    agent.shorten(threading.Event())
    told = agent.conversation[1].text
    assert told.count("mend the house") == told.count("and the garden") == told.count("pending: mend the roof") == 1
    assert "In short." not in told


def test_what_cannot_be_written_down_ends_the_turn(tmp_path: Path):
    class Full:
        def saw(self, events) -> None:
            if any(isinstance(event, ToolStarted) for event in events):
                raise SessionError("the disk is full", "make room")

    agent = Agent(equipment(tmp_path, scripted(WRITE, "Done."), observers=(Full(),)))
    events = list(agent.turn("go"))
    assert events[-1].reason is TurnEnd.ERROR
    assert events[-1].problem == "the disk is full\nmake room"
    assert not (tmp_path / "a.txt").exists()
