"""A run's folder: what is there after a crash, and whose it is. And what the report makes of it."""

import json
from dataclasses import replace

import pytest

from demiurgic.agent.events import TurnEnd
from demiurgic.errors import BadEvaluationFile, UserError
from demiurgic.evaluation.agents.counting import Tally
from demiurgic.evaluation.agents.journal import Journal, Manifest
from demiurgic.evaluation.agents.report import summary, write_report
from demiurgic.evaluation.agents.running import Run
from demiurgic.evaluation.statistics import wilson

MANIFEST = Manifest("m", "", "", True, 600, 8192, None, None, "auto", "digest")
TALLY = Tally(TurnEnd.DONE, "", "Fertig, äh.", 4, 3, 1, 5, 2, 1, 1000, 800, 60)


def run(task="fix/one", seed=0, solved=True, **more) -> Run:
    return Run(task, seed, solved, "", 2.0, replace(TALLY, **more))


def test_what_was_added_is_there_again(tmp_path):
    with Journal(tmp_path, MANIFEST) as journal:
        journal.add(run())
        journal.add(run("add/two", solved=False, end=TurnEnd.TOKEN_LIMIT))
    with Journal(tmp_path, MANIFEST) as journal:
        assert list(journal.runs.values()) == [run(), run("add/two", solved=False, end=TurnEnd.TOKEN_LIMIT)]


def test_a_line_that_was_cut_off_never_was(tmp_path):
    with Journal(tmp_path, MANIFEST) as journal:
        journal.add(run())
    path = tmp_path / "journal.jsonl"
    whole = path.read_bytes()
    for cut in (1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole + whole[:cut])
        with Journal(tmp_path, MANIFEST) as journal:
            assert list(journal.runs) == [("fix/one", 0)]
            journal.add(run("add/two"))
        with Journal(tmp_path, MANIFEST) as journal:
            assert list(journal.runs) == [("fix/one", 0), ("add/two", 0)]


@pytest.mark.parametrize("line", ["{}", "[]", "nonsense", '{"type": "run", "task": 1}'])
def test_a_damaged_line_is_named(tmp_path, line):
    with Journal(tmp_path, MANIFEST) as journal:
        journal.add(run())
    with (tmp_path / "journal.jsonl").open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(BadEvaluationFile, match="line 2"), Journal(tmp_path, MANIFEST):
        pass
    (tmp_path / "journal.jsonl").unlink()
    with Journal(tmp_path, MANIFEST):
        pass


def test_the_latest_line_counts(tmp_path):
    with Journal(tmp_path, MANIFEST) as journal:
        journal.add(run(solved=False, end=TurnEnd.ERROR))
        journal.add(run())
    with Journal(tmp_path, MANIFEST) as journal:
        assert [each.solved for each in journal.runs.values()] == [True]


@pytest.mark.parametrize("other", [{"model": "n"}, {"grammar": False}, {"suite": "x"}, {"temperature": 0.5}])
def test_another_runs_folder_is_not_written_to(tmp_path, other):
    with Journal(tmp_path, MANIFEST) as journal:
        journal.add(run())
    with pytest.raises(UserError, match=next(iter(other))), Journal(tmp_path, replace(MANIFEST, **other)):
        pass
    with Journal(tmp_path, MANIFEST) as journal:
        assert len(journal.runs) == 1


def test_a_folder_is_one_programs_at_a_time(tmp_path):
    here = Journal(tmp_path, MANIFEST)
    with here, pytest.raises(UserError, match="another program"):
        Journal(tmp_path, MANIFEST)


@pytest.mark.parametrize("manifest", ["nonsense", "[]", "{}"])
def test_a_broken_manifest_is_wrong_input(tmp_path, manifest):
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(UserError), Journal(tmp_path, MANIFEST):
        pass


def test_rows_by_kind_and_one_for_all():
    runs = [run(), run("fix/two", solved=False), run("add/one")]
    fix, add, whole = summary(runs)
    assert (fix.name, fix.solved, fix.runs, fix.malformed, fix.failed_calls, fix.failed_edits) == ("fix", 1, 2, 2, 4, 2)
    assert fix.unheard == 10
    assert (fix.low, fix.high) == pytest.approx(wilson(1, 2))
    assert (add.share, add.steps, add.prompt_tokens, add.completion_tokens, add.seconds) == (1.0, 4, 1000, 60, 2)
    assert (whole.name, whole.solved, whole.tasks, whole.runs) == ("all", 2, 3, 3)


def test_a_task_that_is_done_several_times_is_still_one_task():
    runs = [run(f"fix/{name}", seed, solved=name == "a") for name in "ab" for seed in range(10)]
    *_, whole = summary(runs)
    assert (whole.tasks, whole.runs, whole.share) == (2, 20, 0.5)
    assert (whole.low, whole.high) == pytest.approx(wilson(1, 2))


def test_nothing_done_is_nothing_known():
    [whole] = summary([])
    assert (whole.runs, whole.low, whole.high) == (0, 0.0, 1.0)


def test_the_report_holds_everything(tmp_path):
    write_report(tmp_path, MANIFEST, [run()], 3)
    report = json.loads((tmp_path / "results.json").read_text())
    assert (report["planned"], report["done"], report["manifest"]["grammar"]) == (3, 1, True)
    assert report["runs"][0]["took"]["answer"] == "Fertig, äh."
    assert [row["name"] for row in report["summary"]] == ["fix", "all"]
