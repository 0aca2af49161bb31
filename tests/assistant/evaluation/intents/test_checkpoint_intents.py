"""Checkpoints: batched scores are those of the plainest forward pass, and folders are told apart."""

import math
from pathlib import Path

import pytest
import torch
from support.tiny_checkpoints import CONTEXT, make_adapter, make_checkpoint
from transformers import AutoModelForCausalLM

from demiurgic.config import Settings
from demiurgic.errors import ModelLoadError, UnknownModel
from demiurgic.evaluation.intents.checkpoint_model import CheckpointModel
from demiurgic.evaluation.intents.checkpoints import CheckpointIntents
from demiurgic.evaluation.intents.data import Row
from demiurgic.evaluation.intents.labels import Labels
from demiurgic.evaluation.intents.opening import Means, named, open_classifier
from demiurgic.messages import System, User

LABELS = Labels(("pay", "pay_", "owe", "余", "fee"))
TEXTS = ("how much", "send five to my mother please", "取消", "x")


def rows(*texts: str) -> list[Row]:
    return [Row(n, (System("Sort."), User(text)), "pay", "{label}") for n, text in enumerate(texts, 1)]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("run") / "checkpoint-500")


def plainly(model, tokens: list[int]) -> torch.Tensor:
    with torch.no_grad():
        return model(torch.tensor([tokens])).logits[0].double().log_softmax(-1)


def expected(model, wording, row: Row) -> dict[str, float]:
    """Each label's probability by one forward pass over prompt and label, `pay` without what goes on as `pay_`."""
    prompt, odds = list(wording.prompt(row.conversation)), {}
    for answer, number in wording.tree(LABELS, "{label}").labels.items():
        logs = plainly(model, prompt + list(answer))
        log = sum(float(logs[len(prompt) - 1 + place, token]) for place, token in enumerate(answer))
        odds[LABELS.names[number]] = math.exp(log)
        if LABELS.names[number] == "pay":
            [underscore] = wording.tokenizer.tokenize("_")
            odds["pay"] *= 1 - math.exp(float(logs[-1, underscore]))
    return odds


@pytest.mark.parametrize("batch", [1, 3, 4])
def test_batched_scores_are_those_of_plain_forward_passes(checkpoint, batch):
    classifier = CheckpointIntents(checkpoint, LABELS, batch)
    model, wording = AutoModelForCausalLM.from_pretrained(checkpoint), classifier._model.wording
    predictions = {prediction.line: prediction for prediction in classifier.classify(rows(*TEXTS))}
    assert sorted(predictions) == [1, 2, 3, 4]
    for row in rows(*TEXTS):
        odds = expected(model, wording, row)
        total = sum(odds.values())
        told = predictions[row.line]
        assert told.any_label == pytest.approx(total, rel=1e-3)
        for name, value in odds.items():
            assert told.odds.get(name, 0.0) == pytest.approx(value / total, abs=1e-4)
        assert told.label == max(odds, key=lambda name: odds[name])


def test_many_labels_are_scored_in_parts(checkpoint):
    labels = Labels(tuple(f"label number {number:03}" for number in range(150)))
    together = list(CheckpointIntents(checkpoint, labels, 4).classify(rows(*TEXTS)))
    alone = list(CheckpointIntents(checkpoint, labels, 1).classify(rows(*TEXTS)))
    assert len(together) == 4
    for one, other in zip(together, alone, strict=True):
        assert one.line == other.line
        assert sum(one.odds.values()) == pytest.approx(1, abs=1e-3)
        for name in labels.names:
            assert one.odds.get(name, 0) == pytest.approx(other.odds.get(name, 0), abs=1e-4)


def test_a_row_that_is_too_long_loses_its_middle(checkpoint):
    predictions = CheckpointIntents(checkpoint, LABELS, 2).classify(rows("word " * CONTEXT, "x"))
    long, short = sorted(predictions, key=lambda each: each.line)
    assert (long.shortened, short.shortened) == (True, False)
    assert long.label in LABELS.names


class Crowded(CheckpointModel):
    """Has memory for single rows only, and for none of them that says `x`."""

    sizes: list[int]

    def read(self, prompts, tree):
        self.sizes.append(len(prompts))
        if len(prompts) > 1 or prompts[0] == self.wording.prompt(rows("x")[0].conversation):
            raise MemoryError("no room\nat all")
        return super().read(prompts, tree)


def test_a_batch_that_does_not_fit_is_halved_and_a_row_that_does_not_is_told(checkpoint):
    classifier = CheckpointIntents(checkpoint, LABELS, 4)
    classifier._model = Crowded(checkpoint)
    classifier._model.sizes = []
    predictions = {prediction.line: prediction for prediction in classifier.classify(rows(*TEXTS))}
    assert classifier._model.sizes[:2] == [4, 2]
    assert (predictions[4].label, predictions[4].kind, predictions[4].problem) == ("", "memory", "no room")
    assert all(predictions[line].label for line in (1, 2, 3))


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # peft asks transformers for it
def test_an_adapter_is_put_on_its_base(checkpoint, tmp_path):
    adapter = make_adapter(tmp_path / "checkpoint-1000", checkpoint)
    [plain] = CheckpointIntents(checkpoint, LABELS, 1).classify(rows("x"))
    [adapted] = CheckpointIntents(adapter, LABELS, 1).classify(rows("x"))
    assert sum(adapted.odds.values()) == pytest.approx(1, abs=1e-4)
    assert any(abs(plain.odds[name] - adapted.odds[name]) > 1e-3 for name in LABELS.names)


def test_names_of_special_tokens_in_a_users_words_are_letters(checkpoint):
    wording = CheckpointModel(checkpoint).wording
    marker = wording.markers["<|im_end|>"]
    assert wording.prompt((User("a<|im_end|>b"),)).count(marker) == wording.prompt((User("ab"),)).count(marker)


def test_patterns_stand_for_checkpoints_in_order_of_number(tmp_path):
    for name in ("checkpoint-1000", "checkpoint-500", "checkpoint-99", "checkpoint-old"):
        (tmp_path / name).mkdir()
    for name in ("checkpoint-1000", "checkpoint-500", "checkpoint-99"):
        (tmp_path / name / "config.json").write_text("{}")
    found = named([str(tmp_path / "checkpoint-*"), "qwen2.5-coder-0.5b"])
    assert [Path(each).name for each in found] == [
        "checkpoint-99",
        "checkpoint-500",
        "checkpoint-1000",
        "qwen2.5-coder-0.5b",
    ]
    with pytest.raises(UnknownModel, match="no checkpoint fits"):
        named([str(tmp_path / "nothing-*")])


def test_folders_that_are_no_checkpoints_are_refused(tmp_path):
    with pytest.raises(UnknownModel, match="neither config"):
        open_classifier(Settings(), str(tmp_path), LABELS, Means())
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(ModelLoadError, match="cannot be loaded"):
        open_classifier(Settings(), str(tmp_path), LABELS, Means())
