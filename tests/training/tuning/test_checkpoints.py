"""Checkpoints in a folder: which are whole, which is best, and which stay."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from demiurgic.errors import UserError
from demiurgic_training.tuning.checkpoints import Checkpoints, check_origin, check_whole, make_model, origin_of
from demiurgic_training.tuning.recipe import Data, Recipe, Running


def saved(folder: Path, losses: dict[int, float | None]) -> Checkpoints:
    checkpoints = Checkpoints(folder)
    for step, loss in losses.items():
        written = checkpoints.beside / f"checkpoint-{step}"
        written.mkdir(parents=True)
        (written / "model.safetensors").write_text(str(step))
        (written / "optimizer.pt").write_text("much")
        checkpoints.settle(step, loss, {"model": "x"})
    return checkpoints


def steps(checkpoints: Checkpoints) -> list[int]:
    return [found.step for found in checkpoints.all()]


@pytest.mark.parametrize(
    ("losses", "best", "left"),
    [
        ({2: 0.5, 4: 0.1, 6: 0.3, 8: 0.4, 10: 0.6}, 4, [4, 8, 10]),
        ({2: 0.5, 4: 0.4, 6: 0.3, 8: 0.2, 10: 0.1}, 10, [8, 10]),
        ({2: None, 4: None, 6: None}, 6, [4, 6]),
        ({2: 0.3, 4: None, 6: None}, 2, [2, 4, 6]),
        ({2: math.nan, 4: 0.5, 6: 0.6, 8: 0.7}, 4, [4, 6, 8]),
    ],
)
def test_the_newest_stay_and_the_best(tmp_path: Path, losses, best: int, left: list[int]):
    checkpoints = saved(tmp_path, losses)
    found = checkpoints.best()
    assert found is not None
    assert found.step == best
    checkpoints.tidy(2)
    assert steps(checkpoints) == left


def test_what_is_not_whole_is_none(tmp_path: Path):
    checkpoints = saved(tmp_path, {9: None, 10: None})
    (checkpoints.beside / "checkpoint-12").mkdir(parents=True)
    (tmp_path / "checkpoint-11").mkdir()
    assert steps(checkpoints) == [9, 10]
    checkpoints.clear()
    assert not checkpoints.beside.exists()


def test_who_is_killed_while_he_removes_one_leaves_none_that_looks_whole(tmp_path: Path):
    """Killed as soon as the folder's files begin to go."""
    saved(tmp_path, {9: None, 10: None})
    program = (
        "import os, sys; from pathlib import Path; from demiurgic_training.tuning.checkpoints import Checkpoints; "
        "sys.addaudithook(lambda event, _: os.kill(os.getpid(), 9) if event == 'shutil.rmtree' else None); "
        f"Checkpoints(Path({str(tmp_path)!r})).tidy(1)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert (tmp_path / "checkpoint-9" / "optimizer.pt").is_file()
    assert steps(Checkpoints(tmp_path)) == [10]


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda path: (path / "optimizer.pt").unlink(), "optimizer.pt has 0 bytes instead of 4"),
        (lambda path: (path / "model.safetensors").write_text("half of it"), "has 10 bytes instead of 1"),
        (lambda path: (path / "origin.json").write_text("{"), "its origin.json cannot be read"),
        (lambda path: (path / "origin.json").write_text("[]"), "its origin.json cannot be read"),
    ],
)
def test_nobody_goes_on_from_a_damaged_checkpoint(tmp_path: Path, harm, told: str):
    """Without its optimiser's state, a run would go on in silence to other losses."""
    checkpoints = saved(tmp_path, {9: None})
    check_whole(checkpoints.all()[0])
    harm(tmp_path / "checkpoint-9")
    with pytest.raises(UserError, match=f"{told}.*; delete it: --resume goes on from the one before"):
        check_whole(checkpoints.all()[0])


def test_a_model_is_a_checkpoint_without_what_a_run_needs(tmp_path: Path):
    newest = saved(tmp_path, {3: None}).newest()
    assert newest is not None
    make_model(newest, tmp_path / "model")
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["model.safetensors"]
    make_model(newest, tmp_path / "model")  # again, over what is there
    assert (tmp_path / "model" / "model.safetensors").read_text() == "3"


def test_where_a_run_looks_and_what_it_says_may_change(tmp_path: Path):
    recipe = Recipe(model="x/y", data=Data(tmp_path / "rows"), out=tmp_path)
    other = Recipe(model="x/y", data=Data(tmp_path / "moved"), out=tmp_path / "2", running=Running(log_every=7, keep=9))
    assert origin_of(recipe, {"train": "1"}, {}) == origin_of(other, {"train": "1"}, {})


def test_what_differs_is_named(tmp_path: Path):
    folder = saved(tmp_path, {3: None}).newest()
    assert folder is not None
    (folder.path / "origin.json").write_text(json.dumps({"loss": None, "origin": {"a": 1, "b": [1, 2], "c": 3}}))
    newest = Checkpoints(tmp_path).newest()
    assert newest is not None
    with pytest.raises(UserError, match="a was 1 and is 2; b was 1, 2 and is None") as caught:
        check_origin(newest, {"a": 2, "c": 3})
    assert "c was" not in str(caught.value)
