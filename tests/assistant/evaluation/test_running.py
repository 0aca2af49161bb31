"""Runs with a model that says what it is told to: nothing is lost, nothing is done twice."""

import json
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from support.desks import scripted

from demiurgic.errors import BadEvaluationFile, EngineError, UserError, WorkError
from demiurgic.evaluation.journal import Journal, Key
from demiurgic.evaluation.manifest import Manifest, load_manifest, settle
from demiurgic.evaluation.problems import Problem
from demiurgic.evaluation.prompts import prompt_form, prompt_forms
from demiurgic.evaluation.report import report_of, write_report
from demiurgic.evaluation.rerunning import rerun
from demiurgic.evaluation.results import read_results
from demiurgic.evaluation.running import Plan, Run
from demiurgic.evaluation.verdicts import Outcome, Verdict
from demiurgic.evaluation.writing import ChatWriter, Stopped, Style, Wanted, Written, writer_for

PROBLEMS = {
    f"T/{number}": Problem(f"T/{number}", f'def f{number}():\n    """Say {number}."""\n', f"f{number}", "")
    for number in range(6)
}
FORM = prompt_form("qwen-instruct")


class Says:
    """A writer that knows every answer, and may fail or be slow."""

    def __init__(self, wrong=(), silent=(), breaks_at=None) -> None:
        self.wrong, self.silent, self.breaks_at = wrong, silent, breaks_at
        self.asked: list[Wanted] = []
        self.stopped = threading.Event()

    def write(self, wanted: Wanted) -> Written:
        self.asked.append(wanted)
        if self.breaks_at is not None and len(self.asked) > self.breaks_at:
            raise EngineError("it broke")
        if self.stopped.is_set():
            raise Stopped
        number = wanted.problem.task_id.removeprefix("T/")
        if wanted.problem.task_id in self.silent:
            return Written("I do not know.", "end_token", tokens=4)
        said = "nothing" if wanted.problem.task_id in self.wrong else number
        return Written(f"def f{number}():\n    return {said!r}\n", "end_token", 10, 5, 7, 0.1)

    def stop(self) -> None:
        self.stopped.set()


class Reads:
    """A judge that looks for the number."""

    def __init__(self, most=None) -> None:
        self.most, self.judged = most, Counter()

    def judge(self, candidates):
        for candidate in candidates:
            if self.most is not None and sum(self.judged.values()) >= self.most:
                raise KeyboardInterrupt
            self.judged[candidate.key] += 1
            right = f"return '{candidate.problem.task_id.removeprefix('T/')}'" in candidate.source
            yield candidate, Verdict(Outcome.PASS) if right else Verdict(Outcome.ASSERTION, "1 != 2")

    def close(self) -> None:
        pass


def run(folder: Path, writer, judging, **plan):
    journal = Journal(folder)
    try:
        return Run(Plan(PROBLEMS, FORM, **plan), writer, judging, journal).go(lambda _: None)
    finally:
        journal.close()


def test_every_sample_is_written_and_judged_once(tmp_path: Path):
    writer, judging = Says(wrong={"T/2"}, silent={"T/4"}), Reads()
    scored = run(tmp_path, writer, judging, samples=3)
    assert [each.sample.task_id for each in scored] == [name for name in PROBLEMS for _ in range(3)]
    assert Counter(each.verdict.outcome for each in scored) == {
        Outcome.PASS: 12,
        Outcome.ASSERTION: 3,
        Outcome.NO_CODE: 3,
    }
    assert len({wanted.seed for wanted in writer.asked}) == 18
    report = report_of(scored, [1, 2, 10])
    assert report.scores == {"pass@1": pytest.approx(4 / 6), "pass@2": pytest.approx(4 / 6)}
    write_report(tmp_path, scored, report)
    assert list(read_results(tmp_path / "samples.jsonl_results.jsonl")) == scored
    assert json.loads((tmp_path / "report.json").read_text())["outcomes"]["no_code"] == 3


def test_how_a_run_stands_can_be_looked_at_while_answers_without_code_come(tmp_path: Path):
    writer, judging = Says(silent=set(PROBLEMS) - {"T/0"}), Reads()
    journal, seen = Journal(tmp_path), []

    def look(standing) -> None:
        tasks = iter(standing.judged)
        seen.append(next(tasks))
        until = time.monotonic() + 0.5
        while len(standing.judged) == 1 and time.monotonic() < until:
            time.sleep(0.01)
        seen.extend(tasks)  # fails where another thread has added to it

    try:
        Run(Plan(PROBLEMS, FORM, parallel=1), writer, judging, journal).go(look)
    finally:
        journal.close()
    assert seen == ["T/0"]


def test_what_was_done_is_not_done_again(tmp_path: Path):
    with pytest.raises(EngineError):
        run(tmp_path, Says(breaks_at=3), Reads(), parallel=1)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Says(breaks_at=1), Reads(most=0), parallel=1)
    journal = Journal(tmp_path)
    written, judged = set(journal.written), set(journal.judged)
    journal.close()
    assert (len(written), len(judged)) == (4, 3)
    writer, judging = Says(), Reads()
    scored = run(tmp_path, writer, judging)
    assert all(each.verdict.passed for each in scored)
    assert len(scored) == 6
    assert {wanted.problem.task_id for wanted in writer.asked} == set(PROBLEMS) - {key.task_id for key in written}
    assert sum(judging.judged.values()) == 6 - len(judged)
    again = Says()
    assert run(tmp_path, again, Reads()) == scored
    assert not again.asked


class Faulty(Says):
    """A writer with a fault that nobody foresaw."""

    def write(self, wanted: Wanted) -> Written:
        if wanted.problem.task_id == "T/3":
            raise RuntimeError("nobody foresaw this")
        return super().write(wanted)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_run_that_lacks_samples_is_never_called_whole(tmp_path: Path):
    with pytest.raises(WorkError, match="1 samples could not be written"):
        run(tmp_path, Faulty(), Reads(), parallel=2)
    assert len(run(tmp_path, Says(), Reads())) == 6


def test_more_samples_keep_those_that_are_there(tmp_path: Path):
    run(tmp_path, Says(), Reads(), samples=1)
    writer = Says()
    run(tmp_path, writer, Reads(), samples=2)
    assert {wanted.index for wanted in writer.asked} == {1}


def test_a_line_that_was_cut_off_is_dropped(tmp_path: Path):
    journal = Journal(tmp_path)
    key = Key("T/0", 0, 1)
    journal.wrote(key, Written("text", "end_token"))
    journal.judges(key, Verdict(Outcome.PASS))
    journal.close()
    path = tmp_path / "journal.jsonl"
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        journal = Journal(tmp_path)
        lines = whole[:size].count(b"\n")
        assert (len(journal.written), len(journal.judged)) == (min(lines, 1), max(lines - 1, 0))
        journal.wrote(Key("T/1", 0, 2), Written("more", "end_token"))
        journal.close()
        again = Journal(tmp_path)
        assert again.written[Key("T/1", 0, 2)].text == "more"
        again.close()


def test_a_damaged_line_is_named(tmp_path: Path):
    (tmp_path / "journal.jsonl").write_text('{"wrote": {"task_id": "T/0"}}\n')
    with pytest.raises(BadEvaluationFile, match="line 1"):
        Journal(tmp_path)


def test_one_program_at_a_time(tmp_path: Path):
    journal = Journal(tmp_path)
    with pytest.raises(UserError, match="another program"):
        Journal(tmp_path)
    journal.close()
    Journal(tmp_path).close()


MANIFEST = Manifest("m", "a" * 64, "chat", "x", "", 6, "y", 1, 0, 0.0, 1.0, 100, None, 16)


def test_a_folder_belongs_to_one_run(tmp_path: Path):
    settle(tmp_path, MANIFEST)
    settle(tmp_path, MANIFEST)
    assert load_manifest(tmp_path) == MANIFEST
    other = Manifest("m", "b" * 64, "chat", "x", "", 6, "y", 1, 0, 0.0, 1.0, 100, None, 16)
    with pytest.raises(UserError, match="weights"):
        settle(tmp_path, other)


def test_the_function_is_cut_where_it_ends(tmp_path: Path):
    answer = "def f0():\n    return '0'\n\nprint(f0())\n" + "talk " * 50
    model = scripted(answer, answer)
    style = Style(prompt_form("evalplus-instruct"))
    written = writer_for(model, style).write(Wanted(PROBLEMS["T/0"], 0, 1))
    assert written.text == "def f0():\n    return '0'\n"
    assert written.end == "function"
    [request] = model.engine.requests
    asked = model.engine.detokenize(request.prompt).decode()
    assert asked.endswith("passes corresponding tests:\n```python\n")
    assert asked.count("Say 0.") == 1


def test_a_writer_that_is_stopped_says_so():
    model = scripted("word " * 500, delay=0.01)
    writer = writer_for(model, Style(FORM))
    threading.Timer(0.2, writer.stop).start()
    with pytest.raises(Stopped):
        writer.write(Wanted(PROBLEMS["T/0"], 0, 1))


def test_a_model_that_is_only_talked_to_gets_the_plain_question():
    model = scripted("```python\ndef f0():\n    return '0'\n```\nThere.")
    with pytest.raises(UserError, match="--prompt chat"):
        ChatWriter(model, Style(FORM))
    written = ChatWriter(model, Style(prompt_form("chat"))).write(Wanted(PROBLEMS["T/0"], 0, 1))
    assert written.text == "```python\ndef f0():\n    return '0'"


def test_a_rerun_tells_what_differs():
    samples = [(Wanted(problem, 0, 0), Says().write(Wanted(problem, 0, 0))) for problem in PROBLEMS.values()]
    seen = []
    found = rerun(Says(wrong={"T/3"}), samples, 2, seen.append)
    assert [again.wanted.problem.task_id for again in found if not again.same] == ["T/3"]
    assert len(seen) == 6


def test_prompts_are_never_changed():
    with pytest.raises(UserError, match="choose one of"):
        prompt_form("nope")
    digests = {name: form.digest for name, form in prompt_forms().items()}
    assert digests == DIGESTS


DIGESTS = {
    "qwen-instruct": "da1aaad685dec5ae",
    "evalplus-instruct": "3517a2aee5470377",
    "chat": "2b92d3d3b882c6b5",
    "completion": "f717493f6a78bec9",
    "one-return": "6c141af58bc20471",
}
