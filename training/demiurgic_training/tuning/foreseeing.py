"""An estimate for people: what a run would take, what is there, and what would make it fit."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from demiurgic_training.tuning.estimating import Estimate
from demiurgic_training.tuning.recipe import Adapter, Recipe

_GIB = 2**30


def foreseen(estimate: Estimate, recipe: Recipe) -> Iterator[RenderableType]:
    """All of it, before anything is paid for."""
    yield Text(f"{estimate.model}: {estimate.parameters:,} parameters, of which {estimate.trained:,} move")
    yield Text(f"{estimate.method}, {estimate.kind}; {_rows(estimate)}")
    yield _table(estimate)
    device, total = estimate.device, estimate.memory.total
    there = f"{device.free / _GIB:.1f} of {device.memory / _GIB:.1f} GiB are free ({device.name})"
    if estimate.fits:
        yield Text(f"fits: {there}", "green")
    else:
        yield Text(f"does not fit: it takes {total / _GIB:.1f} GiB, and {there}", "bold red")
        yield from (Text(f"  {hint}", "yellow") for hint in _hints(recipe))
    if estimate.seconds is not None:
        yield Text(f"takes about {_time(estimate.seconds)} for {estimate.steps} steps on this device")


def _rows(estimate: Estimate) -> str:
    material = estimate.material
    if material.rows is None:
        return f"the rows are not there yet: taken to have {material.longest} tokens each"
    return f"{material.rows} rows of {material.mean:.0f} tokens on average, {material.longest} at most"


def _table(estimate: Estimate) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    memory = estimate.memory
    for name, size in (
        ("weights", memory.weights),
        ("gradients", memory.gradients),
        ("optimiser", memory.optimiser),
        ("activations of one batch", memory.activations),
        ("other models, and torch itself", memory.others),
    ):
        table.add_row(name, _size(size))
    table.add_row("together", _size(memory.total), style="bold")
    return table


def _hints(recipe: Recipe) -> Iterator[str]:
    if recipe.weights.kind in (Adapter.FULL, Adapter.LORA, Adapter.DORA):
        yield "weights.kind=qlora holds the weights in four bits"
    if recipe.optimiser.batch > 1:
        batch, accumulate = recipe.optimiser.batch, recipe.optimiser.accumulate
        yield f"optimiser.batch=1 optimiser.accumulate={batch * accumulate} learns the same from smaller portions"
    if not recipe.running.save_memory and recipe.weights.kind is not Adapter.PTUNING:
        yield "running.save_memory=true computes activations twice instead of keeping them"
    yield f"data.max_length={recipe.data.max_length // 2} halves what is kept of a row"


def _size(size: int) -> str:
    return f"{size / _GIB:.2f} GiB" if size >= _GIB else f"{size / 2**20:.1f} MiB"


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, seconds):.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
