"""What a run consists of, from the command's flags: all that is wrong with them is told before anything is opened."""

import argparse
import hashlib
import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from demiurgic.config import Settings
from demiurgic.errors import UserError
from demiurgic.evaluation.manifest import settle
from demiurgic_training.filters import USUAL
from demiurgic_training.generating.checking import open_checking
from demiurgic_training.generating.evolving import load_evolving
from demiurgic_training.generating.example import Maker, Recipe
from demiurgic_training.generating.listed import load_tasks
from demiurgic_training.generating.mixing import Mix, parse_shares
from demiurgic_training.generating.seeds import Seeds
from demiurgic_training.generating.snippets import load_snippets
from demiurgic_training.generating.taxonomy import load_taxonomy
from demiurgic_training.teachers.batches.opening import batches_of
from demiurgic_training.teachers.batches.together import Batches
from demiurgic_training.teachers.desk import Hired
from demiurgic_training.teachers.money import parse_budget
from demiurgic_training.teachers.prices import PriceList, load_prices

_KINDS = ("tasks", "snippets", "evolve", "taxonomy")


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that decides which questions are asked. A folder belongs to one of these for good."""

    mix: dict[str, float]
    models: dict[str, str]
    seeds: dict[str, float]
    files: dict[str, str]
    system: str
    max_tokens: int
    temperature: float
    seed: int
    tests: bool
    student: str
    student_tries: int
    version: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """A run, before it is begun."""

    folder: Path
    count: int
    parallel: int
    poll: float
    together: bool
    yes: bool
    caps: Mapping[str, Decimal]
    prices: PriceList
    mix: Mapping[str, float]
    shares: Mapping[str, float]
    seeds: Mix[Seeds]
    recipe: Recipe
    files: Mapping[str, str]

    @property
    def names(self) -> Sequence[str]:
        """Everybody who may be asked."""
        return list(dict.fromkeys([*self.mix, *filter(None, [self.recipe.student])]))

    def settle(self, models: Mapping[str, str]) -> None:
        """Make the folder, and see that it belongs to this run. Raises UserError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{self.folder} cannot be made: {error.strerror}", "name another --out") from error
        recipe = self.recipe
        settle(
            self.folder,
            Manifest(
                mix=dict(self.mix),
                models=dict(models),
                seeds=dict(self.shares),
                files=dict(self.files),
                system=recipe.system,
                max_tokens=recipe.answer_tokens,
                temperature=recipe.temperature,
                seed=recipe.run,
                tests=recipe.tests,
                student=recipe.student,
                student_tries=recipe.student_tries,
            ),
        )

    def maker(self, settings: Settings, opened: ExitStack) -> Maker:
        """Who makes the examples. The sandbox is opened where tests may have to be run."""
        checking = open_checking(self.folder, settings, opened) if self.recipe.tests or "tasks" in self.shares else None
        return Maker(self.recipe, self.seeds, Mix(self.mix, dict.fromkeys(self.mix)), USUAL, checking)

    def batched(self, teachers: Mapping[str, Hired]) -> frozenset[str]:
        """Those who are asked in batches."""
        return frozenset(self.batches(teachers))

    def batches(self, teachers: Mapping[str, Hired]) -> dict[str, Batches]:
        """The batches of those who have them, where batches are wished. Raises UserError where nobody has."""
        if not self.together:
            return {}
        found = {name: batches for name, hired in teachers.items() if (batches := batches_of(hired, self.poll))}
        if not found:
            raise UserError("none of the teachers has batches", "ask without --batch")
        return found


def plan_of(options: argparse.Namespace, settings: Settings) -> Plan:
    """The run that the flags describe. Raises UserError."""
    _check(options)
    sources = _sources(options)
    shares = parse_shares(options.seeds, "--seeds") if options.seeds else dict.fromkeys(sources, 1 / len(sources))
    if missing := [kind for kind in shares if kind not in sources]:
        hint = f"give --{missing[0]} FILE" if missing[0] in _KINDS else f"it is one of {', '.join(_KINDS)}"
        raise UserError(f"--seeds names {missing[0]}, of which there is nothing", hint)
    seeds = Mix(shares, sources)
    return Plan(
        folder=options.out,
        count=_count(seeds, options.num_examples),
        parallel=options.parallel,
        poll=options.poll,
        together=options.batch,
        yes=options.yes,
        caps=parse_budget(options.budget),
        prices=load_prices(options.prices or settings.prices, options.price),
        mix=parse_shares(options.mix, "--mix"),
        shares=shares,
        seeds=seeds,
        recipe=Recipe(
            system=options.system,
            answer_tokens=options.max_tokens,
            temperature=options.temperature,
            run=options.seed,
            tests=options.tests or bool(options.student),
            student=options.student or "",
            student_tries=options.student_tries,
        ),
        files={kind: _digest(getattr(options, kind)) for kind in (*_KINDS, "evolutions") if getattr(options, kind)},
    )


def _check(options: argparse.Namespace) -> None:
    for name in ("num_examples", "parallel", "max_tokens", "student_tries"):
        if getattr(options, name) < 1:
            raise UserError(f"--{name.replace('_', '-')} is {getattr(options, name)}; at least 1 is expected")
    if options.evolutions and not options.evolve:
        raise UserError("--evolutions says how tasks become others, and there are none", "add --evolve FILE")
    if not 0 <= options.temperature <= 2:
        raise UserError(f"--temperature is {options.temperature:g}; a number from 0 to 2 is expected")
    if not 0 < options.poll < math.inf:
        raise UserError(f"--poll is {options.poll:g}; it takes seconds, more than none")


def _sources(options: argparse.Namespace) -> dict[str, Seeds]:
    """What the flags name; the taxonomy where they name nothing."""
    found: dict[str, Seeds] = {}
    if options.tasks:
        found["tasks"] = load_tasks(options.tasks)
    if options.snippets:
        found["snippets"] = load_snippets(options.snippets, options.licence, options.seed)
    if options.evolve:
        found["evolve"] = load_evolving(load_tasks(options.evolve), options.evolutions, options.seed)
    if options.taxonomy or not found or "taxonomy" in (options.seeds or ""):
        found["taxonomy"] = load_taxonomy(options.taxonomy, options.seed)
    return found


def _count(seeds: Mix[Seeds], wanted: int) -> int:
    """As many as are wanted, or as there are tasks for."""
    for number in range(wanted):
        source, place = seeds.of(number)
        if source.most is not None and place >= source.most:
            return number
    return wanted


def _digest(path: Path) -> str:
    """Names what a file holds; of a folder its path."""
    return str(path.resolve()) if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
