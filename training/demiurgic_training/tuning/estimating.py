"""What a run would take, found out before its weights are fetched: parameters, memory, time, and whether it fits.

Parameters are counted, activations are counted by running the model without numbers, weights, gradients and the
optimiser follow from those. Time follows from how fast the device multiplies just now, and is rough.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any

from demiurgic.errors import TemplateError, UnsupportedRequest, UserError
from demiurgic.templates.checkpoint import CheckpointTokenizer
from demiurgic_training.files import BadLine, parsed, raw_lines
from demiurgic_training.formats import read_any
from demiurgic_training.rows import Pair, Row
from demiurgic_training.tuning.activations import kept_by
from demiurgic_training.tuning.checking import saves_memory
from demiurgic_training.tuning.devices import Device, device_found
from demiurgic_training.tuning.recipe import Adapter, Method, Recipe
from demiurgic_training.tuning.sources import described
from demiurgic_training.tuning.students import Student, open_student
from demiurgic_training.tuning.weights import adapted, computed_in, held_in, outline
from demiurgic_training.tuning.writing import Writer

_LOOKED_AT = 500
"""Rows whose length is measured; all others are taken to be like them."""
_NF4 = 0.5 + 1 / 64 + 4 / (64 * 256)
"""Bytes of a weight in four bits: a block of 64 shares a byte, 256 blocks share a number."""
_CONTEXT = {"cuda": 600 * 2**20, "cpu": 700 * 2**20}
"""What torch and its libraries take before they do anything."""
_WASTE = 0.05
"""Of activations: room between blocks that nobody can use."""
_ACHIEVED = {"cuda": 0.45, "cpu": 0.6}
"""Which part of the speed of large matrices a step reaches."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes, at the moment when there are most."""

    weights: int
    gradients: int
    optimiser: int
    activations: int
    others: int
    """A model to compare with or to learn from, and what torch itself takes."""

    @property
    def total(self) -> int:
        """All of it."""
        return self.weights + self.gradients + self.optimiser + self.activations + self.others


@dataclass(frozen=True, slots=True)
class Material:
    """The rows that would be learned. `rows` is None where there is no file yet."""

    rows: int | None
    longest: int
    mean: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would take, and what is there. `steps` and `seconds` are None where the rows are not there yet."""

    model: str
    method: str
    kind: str
    parameters: int
    trained: int
    material: Material
    memory: Memory
    device: Device
    steps: int | None
    seconds: float | None

    @property
    def fits(self) -> bool:
        """Whether the device has so much left."""
        return self.memory.total <= self.device.free


def estimate(recipe: Recipe) -> Estimate:
    """Look at everything but the weights. Raises UserError for what cannot be taught so, WorkError where even its
    description cannot be had."""
    import torch

    student = open_student(recipe, weights=False)
    material = _material(recipe, student)
    precision = computed_in(recipe)
    base = student.model.to(precision)
    sizes = _Sizes.of(base)
    with torch.device("meta"):
        learner = adapted(base, recipe, student.targets)
    trained = sum(each.numel() for each in learner.parameters() if each.requires_grad)
    device = device_found(precision)
    steps = _steps(recipe, material)
    return Estimate(
        recipe.model,
        str(recipe.method),
        str(recipe.weights.kind),
        sizes.parameters,
        trained,
        material,
        _memory(recipe, _Learner(learner.to(precision), base, sizes, trained), material, device),
        device,
        steps,
        None
        if steps is None
        else steps * _work(recipe, sizes, trained, material) / device.speed / _ACHIEVED[device.kind],
    )


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Parameters: all, those that four bits can hold, those that one token meets, and those of the largest layer."""

    parameters: int
    quantised: int
    met: int
    widest: int

    @staticmethod
    def of(model: Any) -> "_Sizes":  # noqa: ANN401 - a model of transformers
        import torch

        output, text = model.get_output_embeddings(), model.config.get_text_config()
        linear = [each.weight for each in model.modules() if isinstance(each, torch.nn.Linear) and each is not output]
        experts = getattr(text, "n_routed_experts", None) or getattr(text, "num_local_experts", None) or 1
        chosen = min(1.0, (getattr(text, "num_experts_per_tok", None) or experts) / experts)
        weights = {id(each): each for each in (*linear, output.weight)}.values()
        met = sum(each.numel() for each in weights) + sum(
            each.numel() * chosen for each in model.parameters() if each.dim() == 3
        )
        sizes = [each.numel() for each in linear]
        return _Sizes(model.num_parameters(), sum(sizes), int(met), max(sizes, default=0))


@dataclass(frozen=True, slots=True)
class _Learner:
    """On the meta device: the model with its adapter, its base, and their sizes."""

    model: Any
    base: Any
    sizes: _Sizes
    trained: int


def _memory(recipe: Recipe, learner: _Learner, material: Material, device: Device) -> Memory:
    kind, trained, size = recipe.weights.kind, learner.trained, computed_in(recipe).itemsize
    weights = learner.sizes.parameters * held_in(recipe).itemsize
    working = 0
    if kind is Adapter.QLORA:
        saved = learner.sizes.quantised
        weights = int((learner.sizes.parameters - saved) * size + saved * _NF4)
        working = learner.sizes.widest * size
    elif kind is Adapter.FULL and size < held_in(recipe).itemsize:
        working = learner.sizes.met * size
    pairs = 2 if recipe.method is Method.DPO else 1
    prefix = recipe.weights.virtual_tokens if kind is Adapter.PTUNING else 0
    kept = kept_by(learner.base, recipe.optimiser.batch * pairs, material.longest, starts=prefix > 0)
    peak = kept.peak(twice=saves_memory(recipe)) * (material.longest + prefix) / material.longest
    return Memory(
        weights=weights + (0 if kind is Adapter.FULL else 4 * trained),
        gradients=4 * trained,
        optimiser=8 * trained,
        activations=int(peak * (1 + _WASTE)) + working,
        others=_others(recipe, learner.sizes) + _CONTEXT[device.kind],
    )


def _others(recipe: Recipe, sizes: _Sizes) -> int:
    """The model that is compared with, where no adapter can be switched off for that; or the teacher."""
    if recipe.method is Method.DISTIL:
        with described(recipe.teaching.teacher) as folder:
            return outline(folder).num_parameters() * computed_in(recipe).itemsize
    compares = recipe.method in (Method.DPO, Method.KTO) and recipe.weights.kind is Adapter.FULL
    return sizes.parameters * held_in(recipe).itemsize if compares else 0


def _work(recipe: Recipe, sizes: _Sizes, trained: int, material: Material) -> float:
    """Multiplications and additions of one step."""
    passes = 3 if saves_memory(recipe) else 2
    tokens = recipe.optimiser.batch * recipe.optimiser.accumulate * material.mean
    if recipe.method in (Method.DPO, Method.KTO):
        tokens, passes = tokens * (2 if recipe.method is Method.DPO else 1), passes + 1
    return tokens * (2 * sizes.met * passes + 2 * trained)


def _steps(recipe: Recipe, material: Material) -> int | None:
    if recipe.optimiser.steps is not None or material.rows is None:
        return recipe.optimiser.steps
    rows = material.rows * (2 if recipe.method is Method.KTO else 1)  # each answer of a pair is a row of its own
    each_epoch = ceil(ceil(rows / recipe.optimiser.batch) / recipe.optimiser.accumulate)
    return ceil(each_epoch * recipe.optimiser.epochs)


def _material(recipe: Recipe, student: Student) -> Material:
    path, most = recipe.data.train, recipe.data.max_length
    if not path.exists():
        return Material(None, most, float(most))
    writer = Writer(CheckpointTokenizer(student.tokenizer), student.template, recipe.data.system)
    lengths = [min(length, most) for length in islice(_lengths(path, writer), _LOOKED_AT)]
    rows = sum(1 for _ in raw_lines(path))
    if not lengths:
        raise UserError(
            f"{path} holds no row that could be learned" if rows else f"{path} holds no rows",
            "demiurgic data convert says what each line should look like",
        )
    return Material(rows, max(lengths) if rows <= _LOOKED_AT else most, sum(lengths) / len(lengths))


def _lengths(path: Path, writer: Writer) -> Iterator[int]:
    for raw in raw_lines(path):
        item: Row | Pair | BadLine = raw if isinstance(raw, BadLine) else parsed(raw, read_any)
        if isinstance(item, BadLine):
            continue
        try:
            yield writer.write(item)[0].length
        except (TemplateError, UnsupportedRequest):
            continue
