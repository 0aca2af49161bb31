"""Models that are only talked to, runs that fail, pictures, and what a run keeps on disk."""

from pathlib import Path

import pytest
from matplotlib.image import imread

from demiurgic.chat.local import LocalChat
from demiurgic.cli import main
from demiurgic.engine.scripted import Script, ScriptedEngine
from demiurgic.errors import BadEvaluationFile, EngineError, UserError, WorkError
from demiurgic.evaluation.intents.comparing import differences
from demiurgic.evaluation.intents.data import Row
from demiurgic.evaluation.intents.journal import Journal, Manifest
from demiurgic.evaluation.intents.labels import Labels
from demiurgic.evaluation.intents.picture import draw
from demiurgic.evaluation.intents.predictions import Prediction
from demiurgic.evaluation.intents.remote import RemoteIntents
from demiurgic.evaluation.intents.reports import report_of
from demiurgic.evaluation.intents.running import Outcome, Standing, classify
from demiurgic.evaluation.intents.telling import progress, told
from demiurgic.messages import User
from demiurgic.templates.chatml import ChatML
from demiurgic.templates.protocol import Vocabulary

LABELS = Labels(("pay", "balance"))
MANIFEST = Manifest("m", "w", "l", "t", "p", 0.01)


def rows(count: int) -> list[Row]:
    return [Row(number, (User(f"text {number}"),), "pay", "{label}") for number in range(1, count + 1)]


def talking(*answers: str | EngineError) -> RemoteIntents:
    engine = ScriptedEngine(Script(answers))
    return RemoteIntents(LocalChat(engine, ChatML(Vocabulary(engine.facts.markers)), "far away"), LABELS, 1)


def test_a_model_that_is_talked_to_answers_under_a_schema_and_tells_no_odds():
    answers = ('{"intent": "pay"}', '{"intent": "other"}', EngineError("gone"), "I think pay")
    predictions = list(talking(*answers).classify(rows(4)))
    assert [prediction.label for prediction in predictions] == ["pay", "", "", ""]
    assert [prediction.kind for prediction in predictions[1:]] == ["provider"] * 3
    assert predictions[2].problem == "gone"
    assert all(prediction.confidence is None for prediction in predictions)


def finish(predictions: list[Prediction], asked: list[Row]):
    return report_of("m", asked, Outcome(tuple(predictions), Standing(0, 0, 0, 0, 0, 0.0)), LABELS)


def test_a_report_without_odds_says_so_and_counts_failures_as_wrong():
    report = finish([Prediction(1, "pay"), Prediction(2, "balance"), Prediction(3, kind="provider")], rows(3))
    assert (report.scores.right, report.failed, report.sureness) == (1, 1, None)
    assert "tells no probabilities" in told(report)


def test_models_are_compared_row_by_row():
    first = finish([Prediction(1, "pay"), Prediction(2, "balance"), Prediction(3, "balance")], rows(3))
    other = finish([Prediction(1, "balance"), Prediction(2, "pay"), Prediction(3, "pay")], rows(3))
    [difference] = differences([first, other])
    assert (difference.gained, difference.lost, difference.p) == (2, 1, 1.0)


def test_what_fails_from_the_first_on_is_given_up_and_can_go_on_later(tmp_path):
    journal = Journal(tmp_path, MANIFEST)
    with pytest.raises(WorkError, match="the first 5 rows all failed: gone"):
        classify(talking(*[EngineError("gone")] * 9), rows(9), journal, frozenset(LABELS.names), lambda _: None)
    journal.close()
    journal = Journal(tmp_path, MANIFEST)
    assert journal.done == {}
    outcome = classify(talking(*['{"intent": "pay"}'] * 9), rows(9), journal, frozenset(LABELS.names), lambda _: None)
    journal.close()
    assert (outcome.standing.right, outcome.standing.fresh) == (9, 9)


def test_only_one_program_writes_to_a_folder(tmp_path):
    journal = Journal(tmp_path, MANIFEST)
    with pytest.raises(UserError, match="another program writes"):
        Journal(tmp_path, MANIFEST)
    journal.close()
    Journal(tmp_path, MANIFEST).close()


def test_a_folder_that_cannot_be_made_is_wrong_input(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="--out"):
        Journal(tmp_path / "file" / "model", MANIFEST)


def test_a_damaged_journal_is_named_by_its_line(tmp_path):
    journal = Journal(tmp_path, MANIFEST)
    journal.add(Prediction(1, "pay"))
    journal.close()
    with (tmp_path / "predictions.jsonl").open("a") as file:
        file.write('{"line": 2\n{}\n')
    with pytest.raises(BadEvaluationFile, match="line 2 is damaged"):
        Journal(tmp_path, MANIFEST)


@pytest.mark.parametrize("labels", [("pay", "balance"), ("余额", "$x$_^"), tuple(f"label {n}" for n in range(70))])
def test_the_picture_is_drawn_whatever_the_labels_are(tmp_path: Path, labels):
    counts = [[1] * (len(labels) + 1) for _ in labels]
    draw(tmp_path / "matrix.png", labels, counts)
    picture = imread(tmp_path / "matrix.png")
    assert picture.shape[0] >= 400
    assert picture.min() < picture.max()
    assert [path.name for path in tmp_path.iterdir()] == ["matrix.png"]


def test_the_line_of_progress_fits_whatever_the_model_is_called():
    standing = Standing(done=1200, total=4500, right=900, judged=1000, fresh=600, seconds=300.0)
    line = progress("a-model-with-a-very-long-name-indeed-q4_k_m", standing)
    assert len(line) <= 60
    assert "1200/4500  90.0 % right  2.0/s  28 min left" in line


def test_a_folder_that_cannot_be_made_is_told_with_what_to_do(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written: Not a directory; name another --out"):
        Journal(tmp_path / "file" / "run", MANIFEST)


def test_no_label_at_all_cannot_be_told(capsys: pytest.CaptureFixture[str]):
    assert main(["classify", "--model", "m", "--labels", "labels.txt", "--top", "0", "a text"]) == 2
    assert "--top is 0; at least one label is told" in capsys.readouterr().err
