"""The names of TRL and transformers that a run relies on: a version that renames one is found here first."""

import dataclasses
import re
from pathlib import Path

import pytest
import trl
from support.small_runs import recipe_for
from transformers import Trainer, TrainingArguments

from demiurgic_training.tuning import trl_trainer
from demiurgic_training.tuning.columns import IGNORED, columns_of
from demiurgic_training.tuning.lesson import Lesson, PairLesson
from demiurgic_training.tuning.recipe import Method

CONFIGS = {
    trl.SFTConfig: ("max_length", "dataset_kwargs"),
    trl.DPOConfig: ("max_length", "beta", "loss_type"),
    trl.KTOConfig: ("max_length", "beta"),
    trl.DistillationConfig: ("max_completion_length", "temperature", "shuffle_dataset"),
}


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.__name__)
def test_fields_of_configurations(config: type, tmp_path: Path):
    recipe = recipe_for(tmp_path, tmp_path)
    wanted = {*trl_trainer._settings(recipe, tmp_path), *CONFIGS[config]}
    assert wanted <= {field.name for field in dataclasses.fields(config)}
    assert issubclass(config, TrainingArguments)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (trl_trainer._Ours, (Trainer, ("evaluate", "_get_output_dir", "_save_checkpoint", "_load_from_checkpoint"))),
        (trl_trainer._Sft, (trl.SFTTrainer, ("_send_telemetry", "create_model_card", "_prepare_dataset"))),
        (trl_trainer._Dpo, (trl.DPOTrainer, ("_send_telemetry", "create_model_card", "_prepare_dataset"))),
        (trl_trainer._Kto, (trl.KTOTrainer, ("_send_telemetry", "create_model_card", "_prepare_dataset"))),
        (trl_trainer._Distil, (trl.DistillationTrainer, ("_send_telemetry", "create_model_card", "_tokenize_prompts"))),
    ],
)
def test_what_is_overridden_is_there(ours: type, theirs: tuple[type, tuple[str, ...]]):
    base, names = theirs
    for name in names:
        assert callable(getattr(base, name))
        assert getattr(ours, name) is not getattr(base, name)


@pytest.mark.parametrize(
    ("method", "collator"),
    [
        (Method.DPO, trl.trainer.dpo_trainer.DataCollatorForPreference),
        (Method.KTO, trl.trainer.kto_trainer.DataCollatorForUnpairedPreference),
    ],
)
def test_columns_of_pairs_are_those_that_are_collated(method: Method, collator: type):
    pairs = [PairLesson((1, 2), (3,), (4, 5)), PairLesson((6,), (7, 8), (9,))]
    columns = columns_of(method, pairs, 2, 0)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    batch = collator(pad_token_id=0)(rows)
    answers = {
        tuple(token for token, own in zip(*pair, strict=True) if own)
        for pair in zip(batch["input_ids"].tolist(), batch["completion_mask"].tolist(), strict=True)
    }
    assert answers == {(3,), (4, 5), (7, 8), (9,)}
    if method is Method.KTO:
        assert dict(zip(map(tuple, columns["completion_ids"]), columns["label"], strict=True)) == {
            (3,): True,
            (4, 5): False,
            (7, 8): True,
            (9,): False,
        }
        strangers = zip(columns["completion_ids"], columns["KL_completion_ids"], strict=True)
        assert all(own != stranger for own, stranger in strangers)


def test_labels_are_ours_to_the_token():
    lesson = Lesson((5, 6, 7, 8), (False, True, True, False))
    columns = columns_of(Method.SFT, [lesson], 1, 0)
    assert columns == {"input_ids": [[5, 6, 7, 8]], "labels": [[IGNORED, 6, 7, IGNORED]]}
    collated = trl.trainer.sft_trainer.DataCollatorForLanguageModeling(pad_token_id=0)(
        [{name: values[0] for name, values in columns.items()}, {"input_ids": [1], "labels": [1]}]
    )
    assert collated["labels"].tolist() == [[IGNORED, 6, 7, IGNORED], [1, IGNORED, IGNORED, IGNORED]]


def test_a_question_is_all_before_the_last_answer():
    lesson = Lesson((1, 2, 3, 4, 5, 6), (False, True, False, True, True, False))
    assert columns_of(Method.DISTIL, [lesson], 1, 0) == {"prompt": [[1, 2, 3]]}


def test_one_module_imports_trl():
    package = Path(trl_trainer.__file__).parents[1]
    importing = [
        path.name for path in package.rglob("*.py") if re.search(r"^\s*(import|from) trl\b", path.read_text(), re.M)
    ]
    assert importing == ["trl_trainer.py"]
