"""How a checkpoint's turns end: evaluation, training and export must read the same out of the same files."""

import json
from pathlib import Path

import pytest
from support.tiny_checkpoints import make_checkpoint

from demiurgic.errors import UserError
from demiurgic.evaluation.intents.checkpoint_model import CheckpointModel
from demiurgic_training.exporting.checkpoint import Checkpoint
from demiurgic_training.tuning.recipe import Data, Recipe
from demiurgic_training.tuning.students import open_student

OWN = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
"""No family's: what such a model stops at is what its files say."""
NAMES = ("<|im_start|>", "<|im_end|>")
START, END = NAMES


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = make_checkpoint(tmp_path / "own")
    (folder / "chat_template.jinja").write_text(OWN)
    return folder


def says(file: Path, **changes: object) -> None:
    held = json.loads(file.read_text()) if file.is_file() else {}
    file.write_text(json.dumps({**held, **changes}))


def number(folder: Path, name: str) -> int:
    return Checkpoint(folder).tokenizer.markers[name]


@pytest.mark.parametrize(
    ("generation", "config", "expected"),
    [
        ([START, END], [END], (START, END)),
        (END, [START], (END,)),
        (None, [START, END], (START, END)),
        (None, START, (START, END)),
        (None, None, (END,)),
        ("no file", [START], (START, END)),
    ],
)
def test_all_who_read_a_checkpoint_agree_on_what_ends_a_turn(checkpoint: Path, generation, config, expected):
    def numbers(named):
        return (
            [number(checkpoint, name) for name in named]
            if isinstance(named, list)
            else named and number(checkpoint, named)
        )

    said = {"config.json": numbers(config)}
    file = checkpoint / "generation_config.json"
    if generation == "no file":
        file.unlink()
    else:
        said[file.name] = numbers(generation)
    for name, ends in said.items():
        says(checkpoint / name, eos_token_id=ends)
    recipe = Recipe(str(checkpoint), Data(Path("none.jsonl"), max_length=128), Path("out"))
    assert CheckpointModel(checkpoint).wording.template.stops == expected
    assert open_student(recipe, weights=False).template.stops == expected
    exported = Checkpoint(checkpoint)
    assert exported.template.stops == expected
    assert set(exported.ends) == {exported.tokenizer.markers[name] for name in expected}


def test_a_damaged_file_is_told_in_one_line(checkpoint: Path):
    (checkpoint / "generation_config.json").write_text("{")
    with pytest.raises(UserError, match=r"generation_config\.json cannot be read.*; copy it anew") as told:
        open_student(Recipe(str(checkpoint), Data(Path("none.jsonl"), max_length=128), Path("out")), weights=False)
    assert "\n" not in str(told.value)
