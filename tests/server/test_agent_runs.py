"""Agents over HTTP: a real server on a real socket. The model's words are written down beforehand, all else is real."""

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import psutil
import pytest
from support.agent_house import RUNS, agents, events
from support.desks import call, scripted
from support.serving import served

from demiurgic.agent.events import (
    ApprovalAsked,
    ApprovalGiven,
    StepStarted,
    ToolFinished,
    TurnEnd,
    TurnEnded,
    TurnStarted,
)
from demiurgic.agent.sessions.records import is_kept
from demiurgic.agent.sessions.shelf import Shelf
from demiurgic.agent.sessions.wire import event_line
from demiurgic.events import TextDelta
from demiurgic.messages import User
from demiurgic_server.serving import Limits

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "events.schema.json").read_text())
WRITE = call("write", path="a.txt", content="hello")
USUAL = Limits()
ASKED = {"messages": [{"role": "user", "content": "hello"}]}
SLOW = " ".join(map(str, range(2000)))


@pytest.fixture
def root(tmp_path):
    (tmp_path / "projects" / "one").mkdir(parents=True)
    (tmp_path / "projects" / "two").mkdir()
    return (tmp_path / "projects").resolve()


@pytest.fixture
def serve(tmp_path, root):
    def begin(*answers, limits=USUAL, script=None, **serving):
        return agents(tmp_path / "state", scripted(*answers, **(script or {})), (root,), limits, **serving)

    return begin


def begun(client, folder, prompt="write it", **wishes):
    response = client.post(RUNS, json={"workspace": str(folder), "prompt": prompt, **wishes})
    assert response.status_code == 201, response.text
    return response.json()


def state(client, run):
    return client.get(f"{RUNS}/{run['id']}").json()


def ended(client, run):
    """All events of a run, followed to its end."""
    return [told.event for told in events(client, run["id"])]


def refused(response, status):
    assert response.status_code == status, response.text
    return response.json()["error"]


def until(holds):
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_run_does_its_task_and_tells_what_its_session_holds(serve, root):
    with serve(WRITE, "Done.") as server, server.client() as client:
        run = begun(client, root / "one", approve="edits")
        assert run["state"] in ("running", "ended")
        lines = list(events(client, run["id"]))
        assert [line.number for line in lines] == list(range(1, len(lines) + 1))
        assert (root / "one" / "a.txt").read_text() == "hello\n"
        told = [line.event for line in lines]
        assert isinstance(told[0], TurnStarted)
        assert isinstance(told[-1], TurnEnded)
        for line, event in zip(lines, told, strict=True):
            jsonschema.validate(json.loads(line.text), SCHEMA)
            assert f"{line.text}\n".encode() == event_line(event)
        over = state(client, run)
        assert (over["state"], over["end"], over["events"]) == ("ended", "done", len(lines))
        session = server.shelf(root / "one").open(run["session"])
        try:
            assert list(session.events()) == [
                event for event in told if isinstance(event, TurnStarted) or is_kept(event)
            ]
        finally:
            session.close()


@pytest.mark.parametrize(
    ("answer", "written"), [("once", True), ("session", True), ("deny", False)], ids=["once", "session", "deny"]
)
def test_what_is_asked_waits_for_its_answer(serve, root, answer, written):
    with serve(WRITE, "Done.") as server, server.client() as client:
        run = begun(client, root / "one")
        seen = []
        for told in events(client, run["id"]):
            seen.append(told.event)
            if isinstance(told.event, ApprovalAsked):
                question = told.event.call.id
                waiting = state(client, run)
                assert (waiting["state"], waiting["asked"]["call_id"]) == ("waiting", question)
                assert not (root / "one" / "a.txt").exists()
                where = f"{RUNS}/{run['id']}/approvals"
                refused(client.post(where, json={"call_id": "another", "answer": "once"}), 409)
                body = {"call_id": question, "answer": answer, "feedback": "not like this"}
                assert client.post(where, json=body).status_code == 200
                refused(client.post(where, json=body), 409)
        assert (root / "one" / "a.txt").exists() == written
        [given] = [event for event in seen if isinstance(event, ApprovalGiven)]
        assert given.answer.kind == answer
        [finished] = [event for event in seen if isinstance(event, ToolFinished)]
        assert finished.failed != written
        assert ("not like this" in finished.text) != written


def test_a_rule_for_ever_is_not_given_over_http(serve, root):
    with serve(WRITE, "Done.") as server, server.client() as client:
        run = begun(client, root / "one")
        body = {"call_id": "x", "answer": "always"}
        assert refused(client.post(f"{RUNS}/{run['id']}/approvals", json=body), 400)["param"] == "answer"
        client.post(f"{RUNS}/{run['id']}/cancel")


def test_nobody_answers_and_the_time_is_over(serve, root):
    limits = Limits(run_seconds=0.5)
    with serve(WRITE, WRITE, limits=limits, script={"delay": 0.1}) as server, server.client() as client:
        told = ended(client, begun(client, root / "one"))
        assert {event.answer.kind for event in told if isinstance(event, ApprovalGiven)} == {"deny"}
        assert told[-1].reason is TurnEnd.TIME_LIMIT
        assert not (root / "one" / "a.txt").exists()


@pytest.mark.parametrize("script", [{"delay": 0.02}, {}], ids=["while it writes", "while it waits"])
def test_a_cancelled_run_ends_and_its_folder_is_free(serve, root, script):
    answers = (SLOW, "Done.") if script else (WRITE, "Done.")
    with serve(*answers, script=script) as server, server.client() as client:
        run = begun(client, root / "one")
        told = []
        for line in events(client, run["id"]):
            told.append(line.event)
            if isinstance(line.event, TextDelta | ApprovalAsked) and line.number < 100:
                assert client.post(f"{RUNS}/{run['id']}/cancel").status_code == 200
        assert told[-1].reason is TurnEnd.CANCELLED
        assert state(client, run)["end"] == "cancelled"
        assert client.post(f"{RUNS}/{run['id']}/cancel").json()["state"] == "ended"
        assert not (root / "one" / "a.txt").exists()
        assert ended(client, begun(client, root / "one", "again"))[-1].reason is TurnEnd.DONE
        assert server.house.gate.taken == 0


def test_a_lost_client_comes_back_to_what_it_has_not_seen(serve, root):
    with serve(SLOW[:400], script={"delay": 0.01}) as server:
        with server.client() as client:
            run = begun(client, root / "one")
            before = []
            for told in events(client, run["id"]):
                before.append(told)
                if len(before) == 10:
                    break
        with server.client() as client:
            after = list(events(client, run["id"], **{"last-event-id": "10"}))
            whole = list(events(client, run["id"]))
            assert before + after == whole
            assert list(events(client, run["id"], after=10)) == after
            assert isinstance(whole[-1].event, TurnEnded)
            nothing = client.get(f"{RUNS}/{run['id']}/events", headers={"last-event-id": str(len(whole))})
            assert (nothing.status_code, nothing.content) == (204, b"")
            refused(client.get(f"{RUNS}/{run['id']}/events", headers={"last-event-id": "x"}), 400)


def test_a_silent_stream_shows_that_it_lives(serve, root):
    with serve(WRITE, "Done.", limits=Limits(pulse=0.1)) as server, server.client() as client:
        run = begun(client, root / "one")
        with client.stream("GET", f"{RUNS}/{run['id']}/events") as response:
            assert any(line.startswith(":") for line in response.iter_lines())
        client.post(f"{RUNS}/{run['id']}/cancel")


def test_what_is_said_meanwhile_reaches_the_model(serve, root):
    with serve(WRITE, "Done.") as server, server.client() as client:
        run = begun(client, root / "one")
        for told in events(client, run["id"]):
            if isinstance(told.event, ApprovalAsked):
                assert client.post(f"{RUNS}/{run['id']}/steer", json={"text": "in French"}).status_code == 200
                answer = {"call_id": told.event.call.id, "answer": "once"}
                client.post(f"{RUNS}/{run['id']}/approvals", json=answer)
        session = server.shelf(root / "one").open(run["session"])
        assert "in French" in [message.text for message in session.conversation() if isinstance(message, User)]
        session.close()
        refused(client.post(f"{RUNS}/{run['id']}/steer", json={"text": "too late"}), 409)


def test_a_session_goes_on(serve, root):
    with serve("One.", "Two.", "Three.") as server, server.client() as client:
        first = begun(client, root / "one", "first")
        ended(client, first)
        second = begun(client, root / "one", "second", session=first["session"])
        ended(client, second)
        latest = begun(client, root / "one", "third", session="latest")
        ended(client, latest)
        assert first["session"] == second["session"] == latest["session"]
        session = server.shelf(root / "one").open(first["session"])
        assert [turn.began.text for turn in session.history.turns.values()] == ["first", "second", "third"]
        body = {"workspace": str(root / "one"), "prompt": "x", "session": first["session"]}
        refused(client.post(RUNS, json=body), 409)  # it is open here
        session.close()
        for name in ("20200101-000000-abcdef", "../x", "latest"):
            body = {"workspace": str(root / "two"), "prompt": "x", "session": name}
            assert refused(client.post(RUNS, json=body), 400)["param"] == "session"


def test_no_more_than_may_work_at_once_and_one_in_a_folder(serve, root):
    (root / "one" / "within").mkdir()
    limits = Limits(runs=1)
    with serve(WRITE, "Done.", limits=limits) as server, server.client() as client:
        run = begun(client, root / "one")
        for folder in (root / "one", root / "one" / "within", root):
            refused(client.post(RUNS, json={"workspace": str(folder), "prompt": "x"}), 409)
        busy = client.post(RUNS, json={"workspace": str(root / "two"), "prompt": "x"})
        refused(busy, 429)
        assert int(busy.headers["retry-after"]) > 0
        client.post(f"{RUNS}/{run['id']}/cancel")
        ended(client, run)


def test_only_folders_beneath_a_root(serve, root, tmp_path):
    (tmp_path / "outside").mkdir()
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "in").symlink_to(root / "one")
    (root / "file").write_text("")
    (tmp_path / "projects-of-others").mkdir()
    with serve("Done.", "Done.") as server, server.client() as client:

        def asked(workspace):
            return client.post(RUNS, json={"workspace": str(workspace), "prompt": "x"})

        for outside in (root / "out", tmp_path / "outside", "/", tmp_path, tmp_path / "projects-of-others", "/nowhere"):
            refused(asked(outside), 403)
        tricks = (f"{root}/one/../../outside", "one", "./one", f"{root}/one\0", "", root / "file", root / "absent")
        for trick in (*tricks, root / ("x" * 300), f"{root}/one/.."):
            assert refused(asked(trick), 400)["param"] == "workspace"
        for inside in (root, root / "in"):
            run = asked(inside)
            assert run.status_code == 201, run.text
            ended(client, run.json())
        assert run.json()["workspace"] == str(root / "one")


def test_no_roots_no_agents(tmp_path, root):
    with agents(tmp_path / "state", scripted(), ()) as server, server.client() as client:
        error = refused(client.post(RUNS, json={"workspace": str(root), "prompt": "x"}), 403)
        assert "--allow-agents" in error["message"]


def test_another_key_sees_nothing_of_a_run(serve, root):
    with (
        serve(WRITE, "Done.", keys=("one", "two")) as server,
        server.client("one") as owner,
        server.client("two") as other,
    ):
        run = begun(owner, root / "one")
        assert other.get(RUNS).json() == {"data": []}
        for path in ("", "/events"):
            refused(other.get(f"{RUNS}/{run['id']}{path}"), 404)
        for path, body in (
            ("cancel", None),
            ("steer", {"text": "x"}),
            ("approvals", {"call_id": "x", "answer": "once"}),
        ):
            refused(other.post(f"{RUNS}/{run['id']}/{path}", json=body), 404)
        assert [each["id"] for each in owner.get(RUNS).json()["data"]] == [run["id"]]
        assert state(owner, run)["state"] in ("running", "waiting")
        owner.post(f"{RUNS}/{run['id']}/cancel")


def test_a_run_that_cannot_begin_is_no_run(serve, root):
    with serve("Done.", script={"context": 300}) as server, server.client() as client:
        unknown = client.post(RUNS, json={"workspace": str(root / "one"), "prompt": "x", "model": "nobody"})
        assert refused(unknown, 404)["code"] == "model_not_found"
        long = client.post(RUNS, json={"workspace": str(root / "one"), "prompt": "word " * 1000})
        assert refused(long, 400)["code"] == "context_length_exceeded"
        assert client.get(RUNS).json() == {"data": []}
        assert server.house.runs.working == 0


def test_agents_and_other_requests_take_turns(serve, root):
    limits = Limits(parallel=1)
    with serve(SLOW[:400], "Hello.", limits=limits, script={"delay": 0.02}) as server, server.client() as client:
        run = begun(client, root / "one")
        following = events(client, run["id"])
        assert any(isinstance(told.event, TextDelta) for told in following)
        assert client.post("/v1/chat/completions", json=ASKED).json()["choices"][0]["message"]["content"] == "Hello."
        pieces = len(SLOW[:400]) // 16
        assert state(client, run)["events"] > pieces  # the agent's reply was whole before


def test_an_agent_waits_when_the_line_is_full(serve, root):
    limits, answers = Limits(parallel=1, queue=1), (SLOW[:400], "Second.", "Done.")
    with serve(*answers, limits=limits, script={"delay": 0.02}) as server, server.client() as client:
        with (
            client.stream("POST", "/v1/chat/completions", json=ASKED | {"stream": True}) as response,
            ThreadPoolExecutor() as pool,
        ):
            lines = response.iter_lines()  # as long as this lives, the client listens
            next(lines)
            second = pool.submit(client.post, "/v1/chat/completions", json=ASKED)
            until(lambda: server.house.gate.waiting == 1)
            run = begun(client, root / "one")
            assert second.result().json()["choices"][0]["message"]["content"] == "Second."
        assert ended(client, run)[-1].message.text == "Done."


def test_one_that_waits_for_a_place_can_be_cancelled(serve, root):
    limits = Limits(parallel=1, queue=8)
    with (
        serve(SLOW, "Done.", limits=limits, script={"delay": 0.02}) as server,
        server.client() as client,
        client.stream("POST", "/v1/chat/completions", json=ASKED | {"stream": True}) as response,
    ):
        lines = response.iter_lines()  # as long as this lives, the client listens
        next(lines)
        run = begun(client, root / "one")
        until(lambda: server.house.gate.waiting == 1)
        client.post(f"{RUNS}/{run['id']}/cancel")
        assert ended(client, run)[-1].reason is TurnEnd.CANCELLED
        assert (server.house.gate.taken, server.house.gate.waiting) == (1, 0)


def test_a_server_that_stops_ends_its_runs_first(serve, root):
    with serve(SLOW, script={"delay": 0.02}) as server, server.client() as client:
        run = begun(client, root / "one")
        told = []
        for line in events(client, run["id"]):
            told.append(line.event)
            if isinstance(line.event, TextDelta):
                server.stop()
        assert told[-1].reason is TurnEnd.CANCELLED
    session = server.shelf(root / "one").open(run["session"])
    assert list(session.events())[-1] == told[-1]
    session.close()


@pytest.mark.slow
def test_only_a_few_ended_runs_are_kept(serve, root):
    with serve(*["Done."] * 40) as server, server.client() as client:
        runs = []
        for _ in range(35):
            run = begun(client, root / "one")
            ended(client, run)
            runs.append(run)
        kept = [each["id"] for each in client.get(RUNS).json()["data"]]
        assert kept == [run["id"] for run in runs[-32:]]
        assert len(server.shelf(root / "one").list()) == len(runs)


def test_a_run_needs_nobody_who_listens(serve, root):
    with serve(WRITE, "Done.") as server:
        with server.client() as client:
            run = begun(client, root / "one", approve="edits")
        file = root / "one" / "a.txt"
        with server.client() as client:
            until(lambda: state(client, run)["state"] == "ended")
        assert file.read_text() == "hello\n"


@pytest.fixture
def real(tmp_path, root, smollm2):
    """A server as users start it, with a real model."""
    with served(
        tmp_path, smollm2, "--ctx", 4096, "--parallel", 2, "--allow-agents", root, DEMIURGIC_SANDBOX="process"
    ) as server:
        yield server


@pytest.mark.slow
def test_a_real_model_works_without_being_loaded_twice(real, root):
    with real.client() as client:
        run = begun(client, root / "one", "Tell me of the sea.", approve="plan", max_turns=1)
        children = psutil.Process(real.process.pid).children()
        assert len([child for child in children if "demiurgic.engine.worker" in child.cmdline()]) == 1
        told = []
        for line in events(client, run["id"]):
            told.append(line.event)
            if isinstance(line.event, TextDelta):
                client.post(f"{RUNS}/{run['id']}/cancel")  # it would tell for minutes
        assert told[-1].reason is TurnEnd.CANCELLED
        assert told[-1].usage.prompt > 100
        assert "".join(event.text for event in told if isinstance(event, TextDelta)).strip()
    assert real.figure("running") == real.figure("agents") == 0
    assert real.figure("prompt_tokens_total") == told[-1].usage.prompt
    assert real.figure("completion_tokens_total") == told[-1].usage.completion > 0
    assert real.stop() == 0


@pytest.mark.slow
def test_a_signal_in_mid_run_leaves_a_session_that_can_be_read(real, root, tmp_path):
    with real.client() as client:
        run = begun(client, root / "one", "Write a long story about the sea.")
        told = []
        for line in events(client, run["id"]):
            told.append(line.event)
            if isinstance(line.event, StepStarted):
                real.process.send_signal(signal.SIGTERM)
                real.process.send_signal(signal.SIGINT)  # no grace
    assert real.process.wait(60) == 0, real.log.read_text()
    assert isinstance(told[-1], TurnEnded)
    assert told[-1].reason is TurnEnd.CANCELLED
    session = Shelf(tmp_path / "state" / "demiurgic", root / "one").open(run["session"])
    assert list(session.events())[-1] == told[-1]
    session.close()
