"""A disk that fills while a run saves: the last checkpoint stays whole, and the error names the disk."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.small_disks import fill, mounted
from support.small_runs import Ear, recipe_for, taught
from support.tiny_students import tiny_student

from demiurgic.errors import WorkError
from demiurgic_training.tuning.checkpoints import Checkpoints
from demiurgic_training.tuning.folder import RunFolder
from demiurgic_training.tuning.running import train

SIZE = 8 * 2**20


@pytest.fixture
def small_disk(tmp_path: Path):
    with mounted(tmp_path / "disk", SIZE) as folder:
        yield folder


@pytest.mark.parametrize("leave", [20_000, 120_000], ids=["while the model is written", "while the optimiser is"])
def test_the_last_checkpoint_stays_whole(tmp_path: Path, small_disk: Path, leave: int):
    base = tiny_student(tmp_path / "base", "glm4", hidden=32)
    recipe = recipe_for(base, small_disk / "home")
    folder = RunFolder(recipe.out)
    named = r"the checkpoint of step 6 cannot be written: the disk of .*home/run"
    with pytest.raises(WorkError, match=named) as caught:
        train(recipe, hear=Ear({4: lambda: fill(small_disk, leave)}))
    assert "the checkpoint of step 3 is whole" in str(caught.value)
    assert [found.step for found in Checkpoints(folder.checkpoints).all()] == [3]
    (small_disk / "filler").unlink()
    assert list(taught(recipe, resume=True).losses) == [4, 5, 6, 7, 8]
    assert (folder.model / "adapter_model.safetensors").is_file()


def test_a_log_that_cannot_be_written_ends_the_run(tmp_path: Path, small_disk: Path):
    base = tiny_student(tmp_path / "base", "glm4", hidden=32)
    recipe = recipe_for(base, small_disk / "home", save_every=100)
    recipe = replace(recipe, optimiser=replace(recipe.optimiser, steps=60))
    with pytest.raises(WorkError, match=r"the run's log cannot be written: the disk of .* is full"):
        train(recipe, hear=Ear({2: lambda: fill(small_disk, 0)}))
