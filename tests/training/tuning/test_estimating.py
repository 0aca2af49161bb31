"""A dry run: what it counts is what a run then has, and no weights are needed for it."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console
from support.rows import talk, write_rows

from demiurgic_training.tuning.activations import kept_by
from demiurgic_training.tuning.estimating import Estimate, estimate
from demiurgic_training.tuning.foreseeing import foreseen
from demiurgic_training.tuning.recipe import Adapter, Data, Method, Optimiser, Recipe, Running, Teaching, Weights
from demiurgic_training.tuning.students import open_student
from demiurgic_training.tuning.weights import adapted

PLAIN = Recipe("", Data(Path("none.jsonl"), max_length=128), Path("out"), weights=Weights(rank=4, virtual_tokens=8))


@pytest.fixture(scope="module")
def outline(student: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A tiny checkpoint without its weights."""

    def made(architecture: str) -> str:
        folder = tmp_path_factory.mktemp("outlines") / architecture
        shutil.copytree(student(architecture), folder, ignore=shutil.ignore_patterns("*.safetensors"))
        return str(folder)

    return made


@pytest.mark.parametrize("architecture", ["glm4", "qwen2", "smollm3"])
@pytest.mark.parametrize("kind", Adapter)
def test_parameters_are_those_of_the_run(student, outline, architecture: str, kind: Adapter):
    weights = replace(PLAIN.weights, kind=kind)
    told = estimate(replace(PLAIN, model=outline(architecture), weights=weights))
    model = open_student(replace(PLAIN, model=str(student(architecture)), weights=weights)).model
    assert told.trained == sum(held.numel() for held in model.parameters() if held.requires_grad)
    assert told.memory.optimiser == 8 * told.trained
    sizes = {held.data_ptr(): held.nbytes for held in model.parameters()}
    if kind is not Adapter.QLORA:
        assert told.memory.weights == sum(sizes.values())


@pytest.mark.parametrize("architecture", ["glm4", "smollm3"])
@pytest.mark.parametrize("kind", [Adapter.FULL, Adapter.LORA])
def test_activations_are_what_a_real_forward_pass_keeps(student, architecture: str, kind: Adapter):
    """Nearly: on a real device attention has a kernel of its own, which keeps a little less or more."""
    wanted = replace(PLAIN, model=str(student(architecture)), weights=replace(PLAIN.weights, kind=kind))
    outlined = open_student(wanted, weights=False)
    with torch.device("meta"):
        adapted(outlined.model, wanted, outlined.targets)
    counted = kept_by(outlined.model, 3, 100)
    whole = open_student(wanted).model
    model = whole if kind is Adapter.FULL else whole.get_base_model()
    real: dict[int, int] = {}
    alive = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        real[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda held: held):
        model.model(torch.zeros(3, 100, dtype=torch.long), use_cache=False)
    own = {held.untyped_storage().data_ptr() for held in model.parameters()}
    kept = sum(size for place, size in real.items() if place not in own)
    assert counted.layers + counted.around == pytest.approx(kept, rel=0.12)
    assert counted.entered == model.config.num_hidden_layers * 3 * 100 * 64 * 4


def told_of(outline, recipe: Recipe = PLAIN, **changes) -> Estimate:
    return estimate(replace(recipe, model=outline("glm4"), **changes))


def test_each_choice_takes_what_it_should(outline):
    full = told_of(outline, weights=Weights(Adapter.FULL))
    lora = told_of(outline)
    qlora = told_of(outline, weights=Weights(Adapter.QLORA, rank=4))
    assert full.memory.gradients == 4 * full.parameters
    assert full.memory.optimiser > 2 * lora.memory.optimiser
    assert qlora.memory.weights < lora.memory.weights
    twice, once = (told_of(outline, running=Running(save_memory=flag)).memory.activations for flag in (True, False))
    assert twice < once
    bigger = told_of(outline, optimiser=Optimiser(batch=8)).memory.activations
    assert bigger == pytest.approx(2 * lora.memory.activations, rel=0.05)
    pairs = told_of(outline, method=Method.DPO, weights=Weights(Adapter.FULL))
    assert pairs.memory.others - full.memory.others == 4 * full.parameters
    taught = told_of(outline, method=Method.DISTIL, teaching=Teaching(teacher=outline("qwen2"))).memory.others
    assert taught > lora.memory.others


def test_steps_and_time_follow_from_the_rows(outline, tmp_path: Path):
    rows = write_rows(tmp_path / "rows.jsonl", [talk(number) for number in range(10)])
    told = told_of(outline, data=Data(rows, max_length=1024), optimiser=Optimiser(batch=2, accumulate=2, epochs=2))
    assert (told.material.rows, told.steps) == (10, 6)
    assert 20 < told.material.mean <= told.material.longest < 1024
    assert told.seconds is not None
    twice = told_of(outline, data=Data(rows, max_length=1024), optimiser=Optimiser(batch=4, steps=7))
    assert twice.steps == 7
    assert told_of(outline).seconds is None


def test_it_says_whether_it_fits_and_what_would_make_it(outline):
    recipe = replace(PLAIN, model=outline("glm4"))
    told = estimate(recipe)
    assert told.fits
    small = replace(told, device=replace(told.device, free=told.memory.total - 1))
    assert not small.fits
    text = printed(small, recipe)
    assert "does not fit" in text
    assert "weights.kind=qlora" in text
    assert "optimiser.batch=1 optimiser.accumulate=4" in text
    assert "fits: " in printed(told, recipe)
    assert f"{told.parameters:,} parameters, of which {told.trained:,} move" in printed(told, recipe)


def printed(told: Estimate, recipe: Recipe) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        for part in foreseen(told, recipe):
            console.print(part)
    return capture.get()
