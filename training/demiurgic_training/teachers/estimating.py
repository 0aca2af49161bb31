"""What questions will take, before they are asked: tokens, money and time. The likely is a guess, the most is none.

Prompts are counted off some of the questions; how much comes back is guessed by whoever plans them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from demiurgic.chat.remote import Ask
from demiurgic.errors import UserError
from demiurgic.messages import Usage
from demiurgic_training.teachers.desk import Hired
from demiurgic_training.teachers.money import Money
from demiurgic_training.teachers.worst import most_tokens

_BYTES_A_TOKEN = 4
_REMOTE_SPEED, _LOCAL_SPEED = 60, 50
"""Tokens a second: of each question of a provider's, and of all questions of this machine's together."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A question that will likely be asked, and how many tokens its answer will likely have."""

    teacher: str
    ask: Ask
    tokens: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one teacher will likely be asked, and what it costs."""

    teacher: str
    questions: int
    usage: Usage
    likely: Money
    most: Money
    seconds: float


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How questions are put."""

    parallel: int
    batched: frozenset[str] = field(default_factory=frozenset[str])
    scale: float = 1.0
    """How many questions there are for each that was foreseen."""


def estimate(
    foreseen: Iterable[Foreseen], teachers: Mapping[str, Hired], circumstances: Circumstances
) -> list[Estimate]:
    """An estimate for each teacher that will be asked."""
    by_teacher: dict[str, list[Foreseen]] = {}
    for each in foreseen:
        by_teacher.setdefault(each.teacher, []).append(each)
    return [_estimate(name, asked, teachers[name], circumstances) for name, asked in by_teacher.items()]


def check_budget(estimates: Sequence[Estimate], caps: Mapping[str, Decimal]) -> None:
    """See that there is a budget in every currency that is needed, once there is one at all, and that it bears a
    question. Raises UserError."""
    for each in estimates:
        if not each.most.amount or not caps:
            continue
        currency = each.most.currency
        if currency not in caps:
            raise UserError(
                f"{each.teacher} takes {currency}, in which there is no budget", f"add --budget 10{currency.lower()}"
            )
        single = Money(each.most.amount / max(each.questions, 1), currency)
        if single.amount > caps[currency]:
            raise UserError(
                f"a question to {each.teacher} could cost {single}, more than the whole budget",
                "raise --budget, or lower --max-tokens",
            )


def _estimate(name: str, asked: Sequence[Foreseen], hired: Hired, circumstances: Circumstances) -> Estimate:
    scale, batched = circumstances.scale, name in circumstances.batched
    price = hired.price.together() if batched else hired.price
    prompt = sum(most_tokens(each.ask).prompt for each in asked) // _BYTES_A_TOKEN
    completion = sum(min(each.tokens, each.ask.options.max_tokens or each.tokens) for each in asked)
    usage = Usage(prompt=round(prompt * scale), completion=round(completion * scale))
    most = sum((hired.most(each.ask).amount for each in asked), Decimal()) * Decimal(scale)
    if batched:  # tried once, and at its own price
        most = most / hired.teacher.tries * (price.batch or 1)
    speed = _REMOTE_SPEED * circumstances.parallel if most else _LOCAL_SPEED
    return Estimate(
        name,
        round(len(asked) * scale),
        usage,
        price.of(usage),
        Money(most, price.currency),
        usage.completion / speed,
    )
