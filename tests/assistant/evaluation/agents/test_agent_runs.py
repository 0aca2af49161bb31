"""One task from the first word to the verdict: a scripted model, the real desk, tools and sandbox."""

import json
import threading
from contextlib import ExitStack
from dataclasses import replace

import pytest
from support.desks import call, desk, scripted

from demiurgic.agent.events import Delegated, StepStarted, ToolFinished, TurnEnd, TurnEnded
from demiurgic.agent.permissions.permissions import Permissions
from demiurgic.config import Settings
from demiurgic.errors import EngineError
from demiurgic.evaluation.agents.counting import tally
from demiurgic.evaluation.agents.evaluating import evaluate
from demiurgic.evaluation.agents.journal import Journal, Manifest
from demiurgic.evaluation.agents.running import Setting, run_task
from demiurgic.evaluation.agents.tasks import OWN_SUITE, load_suite
from demiurgic.events import CallFinished, CallRejected, Finish, ReplyEnded
from demiurgic.messages import Assistant, ToolCall, Usage
from demiurgic.sandbox.choose import open_sandbox
from demiurgic.sandbox.protocol import Policy

TASK = next(task for task in load_suite(OWN_SUITE) if task.id == "fix/page-count")
FIXED = call("edit", path="pages.py", old="    return items // per_page + 1", new="    return -(-items // per_page)")
MANIFEST = Manifest("m", "", "", True, 600, 8192, None, None, "auto", "digest")


@pytest.fixture
def setting(tmp_path):
    """What lets a scripted model work as the real one would; `models` holds those that did."""
    sandboxes = ExitStack()

    def setting(*answers, **script) -> Setting:
        def opened(settings, folder, approver, options):
            sandbox = open_sandbox("auto", Policy(folder), True)
            sandboxes.callback(sandbox.close)
            judge = Permissions(settings.state_dir, folder, settings.approve, sandbox.strength)
            model = scripted(*answers, **script)
            here = desk(
                folder,
                settings.state_dir,
                model,
                approver=approver,
                sandbox=sandbox,
                judge=judge,
                limits=options.limits,
                wishes=options.wishes,
            )
            setting.models.append(model)
            return here

        return Setting(Settings(state_dir=tmp_path / "mine", allow_process=True), 600, open_desk=opened)

    setting.models = []
    with sandboxes:
        yield setting


def test_a_task_that_is_done_is_solved_and_counted(setting, tmp_path):
    run = run_task(TASK, 7, setting(call("read", path="pages.py"), FIXED, "Done."), tmp_path / "work")
    assert run.solved
    took = run.took
    assert (took.end, took.steps, took.calls, took.malformed, took.failed_calls) == (TurnEnd.DONE, 3, 2, 0, 0)
    assert took.answer == "Done."
    assert took.completion_tokens > 0 < took.prompt_tokens
    [request, *_] = setting.models[0].engine.requests
    assert (request.sampling.seed, request.max_tokens) == (7, 600)


def test_what_goes_wrong_is_counted(setting, tmp_path):
    unheard = '<tool_call>\n{"name": "edit", "arguments": {"file": 1}}\n</tool_call>'
    missed = call("edit", path="pages.py", old="    return nothing", new="    return 0")
    failing = call("shell", command="exit 3")
    run = run_task(TASK, 0, replace(setting(unheard, missed, failing, "I give up."), grammar=False), tmp_path / "work")
    assert not run.solved
    assert "AssertionError" in run.detail
    took = run.took
    assert (took.steps, took.calls, took.malformed, took.failed_calls, took.failed_edits) == (4, 2, 1, 2, 1)


@pytest.mark.parametrize("grammar", [True, False])
def test_the_grammar_can_be_switched_off(setting, tmp_path, grammar):
    run_task(TASK, 0, replace(setting("Done."), grammar=grammar), tmp_path / "work")
    assert (setting.models[0].engine.requests[0].grammar is not None) is grammar


def test_what_leaves_the_sandbox_is_refused(setting, tmp_path):
    (tmp_path / "outside.txt").write_text("secret")
    asked = call("read", path=str(tmp_path / "outside.txt"))
    run = run_task(TASK, 0, setting(asked, "Hm."), tmp_path / "work")
    assert run.took.failed_calls == 1
    assert "secret" not in (tmp_path / "work" / "conversation.jsonl").read_text()


def test_a_reply_that_does_not_end_is_ended(setting, tmp_path):
    slow = replace(TASK, allowance=replace(TASK.allowance, seconds=0.3))
    run = run_task(slow, 0, setting("word " * 1000, delay=0.01), tmp_path / "work")
    assert run.took.end is TurnEnd.TIME_LIMIT
    assert run.seconds < 20


def replied(text, *calls, rejected=()):
    return ReplyEnded(Assistant(text, calls=calls), Finish.STOP, Usage(), rejected)


@pytest.mark.parametrize(
    ("reply", "unheard"),
    [
        (replied('```json\n{"name": "shout", "arguments": {}}\n```'), 1),
        (replied('<tool_call>\n{"name": "edit", "arguments": {'), 1),
        (replied('{\n  "name" : "edit",\n  "parameters": {}}'), 1),
        (replied("Done: the name of the function is now `add`."), 0),
        (replied('{"name": "x"}', ToolCall("1", "read", {})), 0),
        (replied('{"name": "x", "arguments": {}}', rejected=(CallRejected(0, "x", "", ""),)), 0),
    ],
)
def test_calls_that_nobody_heard_are_counted(reply, unheard):
    assert tally([reply, TurnEnded(TurnEnd.DONE, Assistant("x"), Usage(), 1)]).unheard == unheard


def test_what_a_helper_did_counts_too():
    finished = CallFinished(0, ToolCall("1", "read", {}))
    events = [
        StepStarted(1),
        finished,
        Delegated("1", StepStarted(1)),
        Delegated("1", CallRejected(0, "edit", "", "")),
        Delegated("1", ToolFinished("2", "write", "", True)),
        TurnEnded(TurnEnd.DONE, Assistant("x"), Usage(10, 5, 3), 1),
    ]
    took = tally(events)
    assert (took.steps, took.calls, took.malformed, took.failed_calls, took.failed_edits) == (2, 1, 1, 1, 1)
    assert (took.prompt_tokens, took.cached_tokens, took.completion_tokens) == (10, 5, 3)
    with pytest.raises(EngineError):
        tally(events[:-1])


def test_a_suite_goes_on_where_it_was_left(setting, tmp_path):
    tasks = load_suite(OWN_SUITE, ["fix"], limit=2)
    (tmp_path / "out" / "work").mkdir(parents=True)
    (tmp_path / "out" / "work" / "left behind").write_text("by a killed run")
    with Journal(tmp_path / "out", MANIFEST) as journal:
        first = next(evaluate(tasks, 1, setting("Done."), journal))
    with Journal(tmp_path / "out", MANIFEST) as journal:
        rest = list(evaluate(tasks, 1, setting("Done."), journal))
        assert list(journal.runs) == [(task.id, 0) for task in tasks]
    assert [first.task, *(run.task for run in rest)] == [task.id for task in tasks]
    assert not (tmp_path / "out" / "work").exists()
    [kept] = (tmp_path / "out" / "conversations").glob(f"fix-{tasks[0].name}-0.jsonl")
    assert [said["role"] for said in json.loads(kept.read_text())["messages"]][-1] == "assistant"


@pytest.mark.slow
def test_a_model_that_fails_is_asked_again_later_and_not_for_ever(setting, tmp_path):
    tasks = load_suite(OWN_SUITE, limit=5)
    failing = setting(EngineError("it broke"))
    with Journal(tmp_path / "out", MANIFEST) as journal:
        runs = evaluate(tasks, 1, failing, journal)
        assert [next(runs).broke for _ in range(3)] == [True] * 3
        with pytest.raises(EngineError, match="3 tasks in a row"):
            next(runs)
        again = [run.task for run in evaluate(tasks, 1, setting("Done."), journal)]
    assert again == [task.id for task in tasks]


def test_no_thread_is_left(setting, tmp_path):
    before = threading.active_count()
    run_task(TASK, 0, setting("Done."), tmp_path / "work")
    assert threading.active_count() <= before
