"""Runs beside each other: what is paired, what is said of it, and what is refused."""

import json

import pytest
from support.scored_runs import results_file, run_folder, split

from demiurgic.errors import BadEvaluationFile, UserError
from demiurgic.evaluation.comparing.loading import load_runs
from demiurgic.evaluation.comparing.pairing import compare
from demiurgic.evaluation.comparing.wording import in_words
from demiurgic.evaluation.results import Scored, write_results
from demiurgic.evaluation.samples import Sample
from demiurgic.evaluation.statistics import bootstrap, holm, mcnemar
from demiurgic.evaluation.verdicts import Outcome, Verdict


@pytest.fixture
def runs(tmp_path):
    def runs(*passes):
        files = [results_file(tmp_path / f"{number}.jsonl_results.jsonl", each) for number, each in enumerate(passes)]
        return load_runs(files)

    return runs


def test_the_golden_figures(runs):
    found = compare(runs(*split(38, 9, 63, 54)))
    first, other = found.standings
    assert (round(100 * first.share, 1), round(100 * other.share, 1)) == (43.9, 61.6)
    assert [round(100 * bound, 1) for bound in (*first.interval, *other.interval)] == [36.5, 51.6, 54.0, 68.7]
    (difference,) = found.differences
    assert (len(difference.gained), len(difference.lost)) == (38, 9)
    assert difference.test.p == pytest.approx(2.49e-5, rel=1e-3)
    assert difference.points == pytest.approx(29 / 164)
    words = " ".join(in_words(difference, found))
    assert "B gains 38 tasks on A and loses 9" in words
    assert "B is better than A" in words
    assert "9.1 points" in words


def test_a_difference_that_may_be_chance_is_called_so(runs):
    found = compare(runs(*split(3, 2, 90, 69)))
    words = " ".join(in_words(found.differences[0], found))
    assert "may be equally good" in words
    assert "no difference could be shown" in words


def test_several_samples_are_reckoned_by_task(runs):
    first = {f"T/{number}": [True] * 2 + [False] * 2 for number in range(12)}
    other = {f"T/{number}": [True] * 3 + [False] for number in range(12)}
    other["T/0"] = [False] * 4
    (difference,) = compare(runs(first, other)).differences
    assert not difference.single
    assert (len(difference.gained), difference.lost) == (11, ("T/0",))
    assert difference.points == pytest.approx((11 * 0.25 - 0.5) / 12)
    assert difference.interval == bootstrap([-0.5] + [0.25] * 11)
    # By hand: one step of 2 against eleven of 1 makes 9. As far out are 13 (one way), 11 (one 1 turned: 11 ways) and 9
    # (two turned: 55 ways, or the 2: one way), each with its mirror.
    assert difference.test.p == pytest.approx(2 * (1 + 11 + 1 + 55) / 2**12)


def test_different_numbers_of_samples_are_fair(runs):
    first = {"T/0": [True], "T/1": [False]}
    other = {"T/0": [True, True, True], "T/1": [False, False, True]}
    found = compare(runs(first, other))
    assert found.differences[0].gained == ("T/1",)
    assert [standing.samples for standing in found.standings] == [2, 6]


def test_several_runs_are_held_to_holms_rule(runs):
    base, better = split(9, 1, 10, 10)
    _, worse = split(2, 8, 3, 17)
    found = compare(runs(base, better, {task: worse[task] for task in base}))
    ps = [each.test.p for each in found.differences]
    assert [each.p_of_all for each in found.differences] == holm(ps)
    assert ps[0] == mcnemar(9, 1).p


def test_only_common_tasks_count(runs):
    found = compare(runs({"x": [True], "y": [False], "only-a": [True]}, {"y": [True], "x": [True]}))
    assert found.tasks == ("x", "y")
    assert found.standings[0].share == 0.5
    assert any("only the 2 tasks" in caveat and "A 3, B 2" in caveat for caveat in found.caveats)


def test_a_run_against_itself_shows_nothing(runs):
    first, _ = split(5, 5, 5, 5)
    (difference,) = compare(runs(first, first)).differences
    assert (difference.points, difference.test.p, difference.gained, difference.lost) == (0, 1, (), ())
    assert difference.interval[0] < 0 < difference.interval[1]


def test_runs_that_were_made_differently_are_told_apart(tmp_path):
    passes, _ = split(1, 1, 1, 1)
    same = {"temperature": 0.0, "model": "m"}
    first = run_folder(tmp_path / "a", passes, **same, prompt="chat", prompt_digest="1", problems_digest="x")
    other = run_folder(tmp_path / "b", passes, **same, prompt="plain", prompt_digest="2", problems_digest="y")
    third = run_folder(tmp_path / "c", passes, **same, prompt="plain", prompt_digest="3", problems_digest="y")
    said = compare(load_runs([first, other])).caveats
    assert "different prompts: A chat, B plain" in said
    assert "different problems" in said
    assert len(said) == 2
    assert compare(load_runs([other, third])).caveats == ("different wordings of the prompt under the same name",)


def test_our_results_keep_their_kinds(tmp_path):
    path = tmp_path / "ours_results.jsonl"
    verdict = Verdict(Outcome.MEMORY, "MemoryError", "x = [0] * 10**12")
    write_results(
        path, [Scored(Sample("t", "code", 0), verdict), Scored(Sample("t", "code", 1), Verdict(Outcome.PASS))]
    )
    (run,) = load_runs([path])
    assert [each.verdict.outcome for each in run.tasks["t"]] == [Outcome.MEMORY, Outcome.PASS]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no scored samples"),
        ("\n\n", "holds no scored samples"),
        ('{"task_id": "a"', "line 1 is no JSON"),
        ("[1]", "line 1 is no JSON object"),
        ('{"task_id": "a", "passed": true}\n{"task_id": "a", "completion": "x"}', "line 2 is no scored sample"),
        ('{"task_id": "a", "passed": "yes"}', "line 1 is no scored sample"),
        ('{"task_id": "a", "passed": true, "sample": "x"}', "line 1: 'sample'"),
        ('{"task_id": "a", "passed": true, "sample": Infinity}', "line 1: 'sample'"),
        ("\n".join(json.dumps({"task_id": "a", "passed": True, "sample": n}) for n in (0, 1, 1)), "sample 1 of a"),
    ],
)
def test_broken_results_name_their_fault(tmp_path, text, says):
    path = tmp_path / "broken.jsonl"
    path.write_text(text)
    with pytest.raises(BadEvaluationFile, match=says):
        load_runs([path])


def test_what_is_not_there_is_said(tmp_path, runs):
    with pytest.raises(BadEvaluationFile, match="there is no file"):
        load_runs([tmp_path / "none.jsonl"])
    with pytest.raises(BadEvaluationFile, match=r"holds no samples\.jsonl_results\.jsonl"):
        load_runs([tmp_path])
    with pytest.raises(BadEvaluationFile, match="no task in common"):
        compare(runs({"a": [True]}, {"b": [True]}))
    with pytest.raises(UserError, match="two or more"):
        compare(runs({"a": [True]}))


def test_a_broken_manifest_is_refused(tmp_path):
    folder = run_folder(tmp_path / "a", {"t": [True]})
    (folder / "manifest.json").write_text("{")
    with pytest.raises(BadEvaluationFile, match="manifest"):
        load_runs([folder])
