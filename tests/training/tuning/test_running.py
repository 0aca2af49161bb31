"""Runs from beginning to end: what is learned by each method, what a run leaves, and how it goes on."""

import json
import os
import shutil
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.small_runs import Ear, die, recipe_for, taught, write_rows
from support.tiny_students import tiny_student
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from demiurgic.errors import MissingExtra, UserError, WorkError
from demiurgic_training.tuning.checkpoints import Checkpoints
from demiurgic_training.tuning.estimating import estimate
from demiurgic_training.tuning.events import (
    Began,
    Ended,
    Evaluation,
    Sample,
    Saved,
    Step,
    event_from_json,
    event_to_json,
    steps_of,
)
from demiurgic_training.tuning.folder import RunFolder
from demiurgic_training.tuning.recipe import Optimiser, Weights
from demiurgic_training.tuning.running import train

METHODS = [
    ("sft", "full"),
    ("sft", "lora"),
    ("sft", "dora"),
    ("sft", "qlora"),
    ("sft", "ptuning"),
    ("dpo", "lora"),
    ("dpo", "full"),
    ("kto", "lora"),
    ("distil", "lora"),
]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("glm4") / "base", "glm4", hidden=32)


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_student(tmp_path_factory.mktemp("glm4") / "teacher", "glm4", hidden=64, seed=1)


@pytest.mark.parametrize(("method", "kind"), METHODS)
def test_each_method_teaches(base: Path, teacher: Path, tmp_path: Path, method: str, kind: str):
    recipe = recipe_for(base, tmp_path, method, kind)
    ear = taught(replace(recipe, teaching=replace(recipe.teaching, teacher=str(teacher))))
    losses = list(ear.losses.values())
    assert len(losses) == 8
    fallen = 0.97 if kind == "ptuning" else 0.9
    assert losses[-1] < fallen * losses[0]
    began = ear.of(Began)[0]
    assert (began.trained == began.parameters) == (kind == "full")
    model = RunFolder(recipe.out).model
    weights = "model.safetensors" if kind == "full" else "adapter_model.safetensors"
    kept = {path.name for path in model.iterdir()}
    assert weights in kept
    assert "tokenizer.json" in kept
    assert not kept & {"optimizer.pt", "training_args.bin", "README.md", "origin.json"}
    assert not list(model.glob("*/"))


@pytest.mark.parametrize(("method", "steps"), [("sft", 6), ("kto", 9)])
def test_it_takes_as_many_steps_as_were_foreseen(base: Path, tmp_path: Path, method: str, steps: int):
    """Of rows that fill neither batches nor steps; and of a pair, whose answers KTO learns one by one."""
    recipe = recipe_for(base, tmp_path, method)
    recipe = replace(recipe, optimiser=replace(recipe.optimiser, batch=3, accumulate=4, steps=None, epochs=3.0))
    assert estimate(recipe).steps == taught(recipe).of(Began)[0].steps == steps


def test_steps_that_were_done_again_are_told_once():
    told = [
        Step(n, 9, 1.0, loss, 1.0, 1.0, 1.0, 1, 1.0) for n, loss in ((1, 3.0), (2, 2.0), (3, 1.5), (2, 2.1), (3, 1.6))
    ]
    lines = [event_to_json(event) for event in (Began(0, 9, "", "", "", 1, 1, 1), *told, Ended(3, "stopped"))]
    assert [(step.step, step.loss) for step in steps_of(lines)] == [(1, 3.0), (2, 2.1), (3, 1.6)]


def test_margins_of_pairs_grow(base: Path, tmp_path: Path):
    margins = [step.margin for step in taught(recipe_for(base, tmp_path, "dpo")).of(Step)]
    assert margins[0] == pytest.approx(0, abs=1e-6)
    assert margins[-1] > 0.1


WITHIN, BETWEEN = 3, 4
"""Steps after which a checkpoint lies within an epoch, and between two."""
GOING_ON = [
    ("sft", "full", BETWEEN),
    ("sft", "lora", WITHIN),
    ("sft", "qlora", BETWEEN),
    ("sft", "ptuning", WITHIN),
    ("dpo", "lora", BETWEEN),
    ("kto", "lora", WITHIN),
    ("distil", "lora", BETWEEN),
]


@pytest.mark.parametrize(("method", "kind", "save_every"), GOING_ON)
def test_a_broken_run_goes_on_to_the_same_losses(base: Path, teacher: Path, tmp_path: Path, method, kind, save_every):
    recipe = recipe_for(base, tmp_path / "broken", method, kind, save_every=save_every)
    recipe = replace(
        recipe,
        teaching=replace(recipe.teaching, teacher=str(teacher)),
        weights=replace(recipe.weights, dropout=0.2, projection=True),
    )
    whole = taught(replace(recipe, out=tmp_path / "whole")).losses
    with pytest.raises(KeyboardInterrupt):
        train(recipe, hear=Ear({save_every + 2: die}))
    ear = taught(recipe, resume=True)
    assert ear.of(Began)[0].step == save_every
    assert list(ear.losses) == list(range(save_every + 1, 9))
    assert ear.losses == pytest.approx({step: whole[step] for step in ear.losses}, abs=1e-6)


def test_who_looks_more_often_learns_the_same(base: Path, tmp_path: Path):
    recipe = recipe_for(base, tmp_path)
    recipe = replace(recipe, weights=replace(recipe.weights, dropout=0.2))
    looking = replace(
        recipe,
        out=tmp_path / "looking",
        data=replace(recipe.data, validation=write_rows(tmp_path / "validation.jsonl", 5)),
        running=replace(recipe.running, evaluate_every=2, sample_every=4, samples=("what is 1?",)),
    )
    assert taught(looking).losses == taught(recipe).losses


def test_what_a_run_leaves(base: Path, tmp_path: Path):
    recipe = recipe_for(base, tmp_path, save_every=2, keep=1, sample_every=4, samples=("what is 1?", "what is 2?"))
    validation = write_rows(tmp_path / "validation.jsonl", 5)
    recipe = replace(recipe, data=replace(recipe.data, validation=validation))
    ear = taught(recipe)
    folder = RunFolder(recipe.out)
    lines = [json.loads(line) for line in folder.log.read_bytes().splitlines()]
    assert [event_from_json(line) for line in lines] == ear.events
    assert json.loads(folder.state.read_text())["stage"] == "done"
    assert json.loads(folder.state.read_text())["step"] == 8
    assert [(sample.step, sample.prompt) for sample in ear.of(Sample)] == [
        (4, "what is 1?"),
        (4, "what is 2?"),
        (8, "what is 1?"),
        (8, "what is 2?"),
    ]
    looks = ear.of(Evaluation)
    assert [look.step for look in looks] == [2, 4, 6, 8]
    assert looks[-1].loss < looks[0].loss
    steps = ear.of(Step)
    assert all(step.tokens_per_second > 0 and step.peak_memory > 2**20 and step.gradient > 0 for step in steps)
    curves = EventAccumulator(str(folder.tensorboard)).Reload()
    drawn = {point.step: point.value for point in curves.Scalars("train/loss")}
    assert drawn == pytest.approx({step.step: step.loss for step in steps})
    assert folder.certificate.is_file()
    assert folder.recipe.is_file()


def test_the_best_checkpoint_is_kept_and_becomes_the_model(base: Path, tmp_path: Path):
    """Steps so large that what was learned is lost again."""
    recipe = recipe_for(base, tmp_path, kind="full", save_every=2, keep=1)
    recipe = replace(
        recipe,
        data=replace(recipe.data, validation=write_rows(tmp_path / "validation.jsonl", 5)),
        optimiser=replace(recipe.optimiser, learning_rate=0.5, warmup=1.0, schedule="constant"),
    )
    ear = taught(recipe)
    looks = {look.step: look.loss for look in ear.of(Evaluation)}
    best = min(looks, key=lambda step: looks[step])
    folder = RunFolder(recipe.out)
    assert {found.step for found in Checkpoints(folder.checkpoints).all()} == {best, 8}
    weights = "model.safetensors"
    assert (folder.model / weights).samefile(folder.checkpoints / f"checkpoint-{best}" / weights)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_who_is_stopped_saves_first_and_goes_on(base: Path, tmp_path: Path, number: int):
    recipe = recipe_for(base, tmp_path, save_every=100)
    handlers = signal.getsignal(number)
    ear = Ear({5: lambda: os.kill(os.getpid(), number)})
    with pytest.raises(KeyboardInterrupt):
        train(recipe, hear=ear)
    assert signal.getsignal(number) is handlers
    saved = ear.of(Saved)[0]
    assert saved.step in (5, 6)
    assert ear.events[-1] == Ended(saved.step, "stopped")
    folder = RunFolder(recipe.out)
    assert json.loads(folder.state.read_text())["stage"] == "stopped"
    assert not folder.model.exists()
    assert list(taught(recipe, resume=True).losses) == list(range(saved.step + 1, 9))
    assert json.loads(folder.state.read_text())["stage"] == "done"


def test_who_is_stopped_twice_does_not_save(base: Path, tmp_path: Path):
    recipe = recipe_for(base, tmp_path, save_every=100)

    def twice() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    ear = Ear({3: twice})
    with pytest.raises(KeyboardInterrupt):
        train(recipe, hear=ear)
    assert not ear.of(Saved)
    assert ear.events[-1] == Ended(3, "stopped")


def test_a_run_that_is_done_is_done(base: Path, tmp_path: Path):
    recipe = recipe_for(base, tmp_path)
    taught(recipe)
    assert not taught(recipe, resume=True).events
    with pytest.raises(UserError, match="holds a run already"):
        train(recipe, hear=Ear())


def test_a_run_killed_before_its_model_was_there_only_finishes(base: Path, tmp_path: Path):
    recipe = recipe_for(base, tmp_path)
    ear = Ear()

    def hear(event: object) -> None:
        ear(event)
        if isinstance(event, Saved) and event.step == 8:
            die()

    with pytest.raises(KeyboardInterrupt):
        train(recipe, hear=hear)
    assert taught(recipe, resume=True).events == [Ended(8, "done")]
    assert RunFolder(recipe.out).model.is_dir()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda recipe, other: replace(recipe, model=str(other)), "model was .*base and is .*other"),
        (
            lambda recipe, other: replace(recipe, weights=Weights(rank=8, virtual_tokens=4)),
            "weights.rank was 4 and is 8",
        ),
        (
            lambda recipe, other: replace(recipe, optimiser=replace(recipe.optimiser, steps=9)),
            "optimiser.steps was 8 and is 9",
        ),
        (
            lambda recipe, other: replace(
                recipe, data=replace(recipe.data, train=write_rows(other.parent / "others.jsonl", 7))
            ),
            "data.train had other rows",
        ),
    ],
    ids=["model", "adapter", "steps", "rows"],
)
def test_nobody_goes_on_from_another_runs_checkpoint(base: Path, tmp_path: Path, change, named: str):
    recipe = recipe_for(base, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, hear=Ear({4: die}))
    other = tiny_student(tmp_path / "other", "glm4", hidden=64)
    papers = [recipe.out / name for name in ("recipe.yaml", "mask-certificate.json")]
    before = [paper.read_text() for paper in papers]
    with pytest.raises(UserError, match=named) as caught:
        train(change(recipe, other), resume=True, hear=Ear())
    assert "begin a new run" in str(caught.value)
    assert [paper.read_text() for paper in papers] == before


def test_nobody_goes_on_from_a_checkpoint_of_other_weights_of_the_same_name(tmp_path: Path):
    model = tiny_student(tmp_path / "model", "glm4", hidden=32)
    recipe = recipe_for(model, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, hear=Ear({4: die}))
    (model / "config.json").unlink()
    tiny_student(model, "glm4", hidden=32, seed=7)
    with pytest.raises(UserError, match="the model has other weights now"):
        train(recipe, resume=True, hear=Ear())


def test_a_damaged_checkpoint_is_told_and_the_one_before_it_will_do(base: Path, tmp_path: Path):
    recipe = recipe_for(base, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train(recipe, hear=Ear({7: die}))
    newest = recipe.out / "checkpoints" / "checkpoint-6"
    (newest / "optimizer.pt").unlink()
    with pytest.raises(UserError, match=r"checkpoint-6 is damaged: optimizer.pt has 0 bytes"):
        train(recipe, resume=True, hear=Ear())
    shutil.rmtree(newest)
    assert min(taught(recipe, resume=True).losses) == 4


def test_two_runs_do_not_share_a_folder(base: Path, tmp_path: Path):
    recipe = recipe_for(base, tmp_path)

    def second() -> None:
        with pytest.raises(UserError, match="another run writes to"):
            train(recipe, resume=True, hear=Ear())

    train(recipe, hear=Ear({1: second}))


def test_a_loss_that_is_no_number_ends_the_run(base: Path, tmp_path: Path):
    recipe = recipe_for(base, tmp_path, kind="full")
    recipe = replace(recipe, optimiser=Optimiser(learning_rate=1e30, batch=4, steps=8, warmup=0.0, clip=1e30))
    with pytest.raises(WorkError, match="the loss of step"):
        train(recipe, hear=Ear())
    assert json.loads(RunFolder(recipe.out).state.read_text())["stage"] == "failed"


def test_weights_that_answer_with_no_number_are_not_saved(base: Path, tmp_path: Path):
    """The loss of a step is that of the weights before it, so that only the validation rows tell."""
    recipe = recipe_for(base, tmp_path, kind="full")
    data = replace(recipe.data, validation=write_rows(tmp_path / "validation.jsonl", 4))
    recipe = replace(recipe, data=data, optimiser=Optimiser(learning_rate=1e30, batch=4, steps=1, warmup=0.0))
    with pytest.raises(WorkError, match=r"the validation loss after step 1 is nan; a smaller optimiser.learning_rate"):
        train(recipe, hear=Ear())
    assert not RunFolder(recipe.out).model.exists()
    assert list(RunFolder(recipe.out).checkpoints.glob("checkpoint-*")) == []


def test_trackio_is_asked_for_by_name(base: Path, tmp_path: Path):
    with pytest.raises(MissingExtra, match=r"demiurgic\[trackio\]"):
        train(recipe_for(base, tmp_path, trackio=True), hear=Ear())


def test_a_teacher_of_another_vocabulary_is_refused(base: Path, tmp_path: Path):
    teacher = tiny_student(tmp_path / "qwen", "qwen2", hidden=32)
    recipe = recipe_for(base, tmp_path, "distil")
    with pytest.raises(UserError, match="another vocabulary"):
        train(replace(recipe, teaching=replace(recipe.teaching, teacher=str(teacher))), hear=Ear())


def test_nothing_is_sent_anywhere(base: Path, tmp_path: Path):
    """TRL's trainers tell their makers of each run."""
    asked: list[object] = []
    listening = True

    def heard(event: str, arguments: tuple[object, ...]) -> None:
        if listening and event in ("socket.getaddrinfo", "socket.connect"):
            asked.append(arguments)

    sys.addaudithook(heard)
    taught(recipe_for(base, tmp_path))
    time.sleep(0.5)  # it would be done by a thread
    listening = False
    assert not asked
