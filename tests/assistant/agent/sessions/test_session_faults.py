"""Sessions that are killed, torn, damaged, crowded out or written by strangers."""

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.session_scripts import turn_events, turn_messages

from demiurgic.agent.sessions.session import Session
from demiurgic.agent.sessions.shelf import Shelf, Start
from demiurgic.agent.sessions.wire import event_line
from demiurgic.errors import SessionError
from demiurgic.messages import System

START = Start("a-model", "You are.")
TALKING = """
import sys
sys.path.insert(0, {support!r})
from pathlib import Path
from support.session_scripts import turn_events
from demiurgic.agent.sessions.shelf import Shelf
from demiurgic.agent.sessions.wire import event_line
from demiurgic.errors import SessionError
session = Shelf(Path({state!r}), Path({root!r})).open({name!r})
"""


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    (tmp_path / "project").mkdir()
    return Shelf(tmp_path / "state", tmp_path / "project")


def say(session: Session, text: str, steps: int = 1) -> None:
    for event in turn_events(text, steps):
        session.saw((event,))


def in_a_process(
    tmp_path: Path, session: str, body: str, output: int | BinaryIO = subprocess.PIPE
) -> subprocess.Popen[bytes]:
    head = TALKING.format(
        support=str(Path(__file__).parents[3]),
        state=str(tmp_path / "state"),
        root=str(tmp_path / "project"),
        name=session,
    )
    return subprocess.Popen([sys.executable, "-c", head + body], stdout=output, stderr=subprocess.PIPE)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_killed_at_any_moment_every_shown_step_is_there(shelf: Shelf, tmp_path: Path, seed: int):
    session = shelf.new(START)
    session.close()
    body = """
for number in range(10000):
    for event in turn_events(f"turn {number}", 20):
        session.saw((event,))
        sys.stdout.buffer.write(event_line(event))
        sys.stdout.buffer.flush()
"""
    shown: list[bytes] = []
    chance = random.Random(seed)
    for number in range(2):
        screen = tmp_path / f"screen{number}"
        with screen.open("wb") as file:
            child = in_a_process(tmp_path, session.id, body, file)
            while not screen.stat().st_size and child.poll() is None:
                time.sleep(0.005)
            time.sleep(chance.random() * 0.3)
            child.kill()
            _, errors = child.communicate()
        shown += [line for line in screen.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        assert shown, errors
    session = shelf.open(session.id)
    kept = {event_line(event) for event in session.events()}
    deltas = (b'"prompt_progress"', b'"text_delta"', b'"call_started"', b'"call_finished"', b'"tool_output"')
    assert [line for line in shown if line not in kept and not any(delta in line for delta in deltas)] == []
    say(session, "afterwards")
    assert session.conversation()[-4:] == turn_messages("afterwards")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.floats(0, 1), junk=st.sampled_from([b"", b"\0" * 50, b'{"v":1,"type"', b"\xff\xfe", b"{}]", b"\0\0\0\n"]))
def test_a_torn_end_is_cut_off(shelf: Shelf, cut: float, junk: bytes):
    session = shelf.new(START)
    say(session, "one", 2)
    path = shelf.path(session.id)
    session.close()
    whole = path.read_bytes()
    began = whole.index(b"\n") + 1
    kept = began + round(cut * (len(whole) - began))
    path.write_bytes(whole[:kept] + junk)
    lines = whole[:kept].count(b"\n")
    session = shelf.open(session.id)
    assert len(list(session.events())) == lines - 1
    say(session, "two")
    session.close()
    assert path.read_bytes().startswith(b"".join(whole.splitlines(keepends=True)[:lines]))
    session = shelf.open(session.id)
    assert session.conversation()[-4:] == turn_messages("two")
    session.close()


def test_a_list_leaves_a_torn_end_to_the_one_who_writes(shelf: Shelf):
    session = shelf.new(START)
    say(session, "one")
    path = shelf.path(session.id)
    path.write_bytes(path.read_bytes() + b'{"v":1,' + b" " * 10_000)
    before = path.read_bytes()
    assert shelf.list()[0].turns == 1
    assert path.read_bytes() == before
    say(session, "two")  # the writer knows where the whole lines end
    session.close()
    assert shelf.open(session.id).conversation() == [System("You are."), *turn_messages("one"), *turn_messages("two")]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"\n", "damaged in line 3"),
        (b"{]\n", "damaged in line 3"),
        (b"\xff\n", "damaged in line 3"),
        (b"[]\n", "damaged in line 3"),
        (b"[" * 100_000 + b"\n", "damaged in line 3"),
        (b'{"v":1,"type":"rewritten"}\n', "line 3 what this version does not understand"),
        (b'{"v":1,"type":"turn_began","turn":9,"parent":8,"at":0,"text":"x"}\n', "wrong place"),
        (b'{"v":1,"type":"undone","turn":77}\n', "no turn 77"),
        (b'{"v":1,"type":"began","id":"a","at":0,"folder":"","model":"","system":""}\n', "begins twice"),
    ],
)
def test_damage_in_the_middle_is_told_and_nothing_is_changed(shelf: Shelf, line: bytes, problem: str):
    session = shelf.new(START)
    say(session, "one")
    session.close()
    path = shelf.path(session.id)
    lines = path.read_bytes().splitlines(keepends=True)
    damaged = b"".join([*lines[:2], line, *lines[2:]])
    path.write_bytes(damaged)
    with pytest.raises(SessionError, match=problem):
        shelf.open(session.id)
    assert path.read_bytes() == damaged
    assert problem in shelf.list()[0].problem
    path.write_bytes(b"".join(lines))
    shelf.open(session.id).close()  # the failure left no lock behind


def test_what_a_newer_version_wrote_names_the_remedy(shelf: Shelf):
    session = shelf.new(START)
    session.close()
    path = shelf.path(session.id)
    path.write_bytes(path.read_bytes() + b'{"v":2,"type":"dreamt"}\n')
    with pytest.raises(SessionError) as refused:
        shelf.open(session.id)
    assert "update" in refused.value.hint


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.floats(0, 0.999), st.none() | st.integers(0, 255), st.integers(1, 200)), min_size=1, max_size=4
    )
)
def test_any_damage_is_a_session_or_an_error(shelf: Shelf, damages: list[tuple[float, int | None, int]]):
    session = shelf.new(START)
    say(session, "one", 1)
    session.undo("x")
    session.close()
    path = shelf.path(session.id)
    content = bytearray(path.read_bytes())
    for where, byte, length in damages:
        at = int(where * len(content))
        content[at : at + (length if byte is None else 1)] = b"" if byte is None else bytes([byte])
    path.write_bytes(bytes(content))
    try:
        opened = shelf.open(session.id)
    except SessionError:
        return
    assert isinstance(opened.conversation()[0], System)
    opened.close()


def test_another_process_cannot_open_what_is_open(shelf: Shelf, tmp_path: Path):
    session = shelf.new(START)
    child = in_a_process(tmp_path, session.id, "")
    _, errors = child.communicate()
    assert b"another process" in errors
    session.close()
    assert in_a_process(tmp_path, session.id, "").communicate() == (b"", b"")


def test_a_killed_owner_leaves_no_lock(shelf: Shelf, tmp_path: Path):
    session = shelf.new(START)
    session.close()
    child = in_a_process(tmp_path, session.id, "print('open', flush=True)\nimport time\ntime.sleep(60)")
    assert child.stdout is not None
    child.stdout.readline()
    with pytest.raises(SessionError, match="another process"):
        shelf.open(session.id)
    child.kill()
    child.communicate()
    shelf.open(session.id).close()


def test_a_full_disk_is_told_and_what_was_said_stays(shelf: Shelf, tmp_path: Path):
    """A limit on the size of files stands for the disk: the line that passes it is written in part."""
    session = shelf.new(START)
    session.close()
    body = """
import resource
for event in turn_events("one"):
    session.saw((event,))
size = session._log.path.stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 300, resource.RLIM_INFINITY))
try:
    for event in turn_events("two " + "x" * 200):
        session.saw((event,))
except SessionError as error:
    print(error.message, error.hint)
print(len(list(session.events())), session._log.path.read_bytes().endswith(b"\\n"))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for event in list(turn_events("two"))[1:]:
    session.saw((event,))
"""
    output, errors = in_a_process(tmp_path, session.id, body).communicate()
    assert b"cannot be written" in output, errors
    assert b"True" in output
    session = shelf.open(session.id)
    lines = shelf.path(session.id).read_bytes().splitlines()
    assert all(json.loads(line)["v"] == 1 for line in lines)
    assert session.conversation()[-3:] == turn_messages("two")[-3:]
