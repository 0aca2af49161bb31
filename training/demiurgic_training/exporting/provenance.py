"""What a model was taught with, as far as its run's folder tells: the recipe, and where the rows come from."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import cast

from demiurgic.errors import UserError
from demiurgic.messages import Json
from demiurgic_training.exporting.licences import UNKNOWN
from demiurgic_training.exporting.sources import read_recipe
from demiurgic_training.files import BadLine, read_as
from demiurgic_training.formats import read_any
from demiurgic_training.tuning.folder import RunFolder

_TOLD = ("source", "teacher", "licence")


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is known of the rows. `counts` is by field of their `meta`, then by what stands there."""

    recipe: str
    rows: int = 0
    counts: Mapping[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    costs: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    problem: str = ""
    """Why nothing is known of them, where nothing is."""


def provenance_of(run: RunFolder | None) -> Provenance | None:
    """What the run's folder tells; None where there is no run."""
    if run is None or not run.recipe.is_file():
        return None
    recipe, file = run.recipe.read_text("utf-8"), Path(read_recipe(run)["data"]["train"])
    try:
        return _counted(recipe, file)
    except UserError as error:
        return Provenance(recipe, problem=str(error))


def _counted(recipe: str, file: Path) -> Provenance:
    counts: dict[str, Counter[str]] = {name: Counter() for name in _TOLD}
    costs: dict[str, Decimal] = {}
    rows = 0
    for meta in _metas(file):
        rows += 1
        for name, counter in counts.items():
            counter[_text(meta.get(name))] += 1
        _add_cost(costs, meta.get("cost"))
    return Provenance(recipe, rows, counts, costs)


def _metas(file: Path) -> Iterator[Mapping[str, Json]]:
    for item in read_as(file, read_any):
        if not isinstance(item, BadLine):
            yield item.meta


def _text(value: Json) -> str:
    """Sources are often lines of files and addresses of pages: what they have in common is what counts."""
    if not isinstance(value, str) or not value:
        return UNKNOWN
    return value.split(", line ")[0]


def _add_cost(costs: dict[str, Decimal], cost: Json) -> None:
    if not isinstance(cost, dict):
        return
    told = cast("Mapping[str, Json]", cost)
    try:
        amount = Decimal(str(told.get("amount")))
    except InvalidOperation:
        return
    currency = str(told.get("currency", ""))
    costs[currency] = costs.get(currency, Decimal(0)) + amount
