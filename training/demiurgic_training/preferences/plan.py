"""What a run of pairs consists of, from the command's flags. What is wrong with them is told before it is opened."""

import argparse
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

from demiurgic.config import Settings
from demiurgic.errors import UserError
from demiurgic.evaluation.manifest import settle
from demiurgic.messages import Usage
from demiurgic_training.preferences.answering import Given, Prompt, Style, load_prompts, wanted
from demiurgic_training.preferences.judging import judging
from demiurgic_training.preferences.running import Duel, question_of
from demiurgic_training.teachers.desk import FREE
from demiurgic_training.teachers.estimating import Foreseen
from demiurgic_training.teachers.ledger import Paid
from demiurgic_training.teachers.money import parse_budget
from demiurgic_training.teachers.prices import PriceList, load_prices
from demiurgic_training.teachers.protocol import Answer

_ANSWER_TOKENS, _OPINION_TOKENS = 500, 120
_LETTERS_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that decides which questions are asked. A folder belongs to one of these for good."""

    prompts: str
    style: dict[str, object]
    models: dict[str, str]
    version: int = 1


@dataclass(frozen=True, slots=True)
class PairsPlan:
    """A run, before it is begun. Without a judge, tests decide."""

    folder: Path
    prompts: Sequence[Prompt]
    models: Sequence[str]
    judge: str
    style: Style
    ratio: float
    parallel: int
    caps: Mapping[str, Decimal]
    prices: PriceList
    yes: bool

    @property
    def names(self) -> Sequence[str]:
        """Everybody who may be asked."""
        return [*self.models, *filter(None, [self.judge])]

    def settle(self, models: Mapping[str, str]) -> None:
        """See that the folder belongs to this run. Raises UserError."""
        told = json.dumps([asdict(prompt) for prompt in self.prompts])
        digest = hashlib.sha256(told.encode()).hexdigest()
        settle(self.folder, Manifest(digest, asdict(self.style), dict(models)))

    def foreseen(self) -> Iterator[Foreseen]:
        """The questions that will likely be asked: every answer, and every two of them in both orders."""
        words = "x" * _LETTERS_A_TOKEN * _ANSWER_TOKENS
        answer = Paid(Answer(words, "stop"), "", FREE.of(Usage()))
        for prompt in self.prompts:
            for model in self.models:
                for sample in range(self.style.samples):
                    question = wanted(prompt, model, sample, self.style)
                    yield Foreseen(model, question.ask, _ANSWER_TOKENS)
            duel = Duel(prompt, Given("", "a", answer), Given("", "b", answer))
            for _ in range(2 * self._duels() if self.judge else 0):
                yield Foreseen(self.judge, judging(question_of(duel, False)), _OPINION_TOKENS)

    def _duels(self) -> int:
        models, samples = len(self.models), self.style.samples
        return models * (models - 1) // 2 * samples**2 if models > 1 else samples * (samples - 1) // 2


def pairs_plan_of(options: argparse.Namespace, settings: Settings) -> PairsPlan:
    """The run that the flags describe. Raises UserError."""
    _check(options)
    models = [name.strip() for name in options.models.split(",") if name.strip()]
    if len(models) * options.samples < 2 or len(set(models)) < len(models):
        raise UserError("two answers are needed for a pair", "name two models in --models, or --samples 2")
    prompts = load_prompts(options.prompts, options.template)
    if options.by_tests and not any(prompt.task.tests for prompt in prompts):
        raise UserError(f"no prompt of {options.prompts} has tests", 'add "tests" to its rows')
    return PairsPlan(
        folder=options.out,
        prompts=prompts,
        models=models,
        judge=options.judge or "",
        style=Style(options.system, options.max_tokens, options.temperature, options.samples),
        ratio=options.length_ratio,
        parallel=options.parallel,
        caps=parse_budget(options.budget),
        prices=load_prices(options.prices or settings.prices, options.price),
        yes=options.yes,
    )


def _check(options: argparse.Namespace) -> None:
    if not options.prompts or not options.models:
        raise UserError("there is nothing to make pairs of", "give --prompts FILE and --models A,B, or --from-use")
    if bool(options.judge) is options.by_tests:
        raise UserError("somebody must say which answer is better", "give --judge M, or --by-tests, and not both")
    for name in ("samples", "max_tokens", "parallel"):
        if getattr(options, name) < 1:
            raise UserError(f"--{name.replace('_', '-')} is {getattr(options, name)}; at least 1 is expected")
    if not options.length_ratio >= 1:
        raise UserError(f"--length-ratio is {options.length_ratio:g}; at least 1 is expected")
    if not 0 <= options.temperature <= 2:
        raise UserError(f"--temperature is {options.temperature:g}; a number from 0 to 2 is expected")
