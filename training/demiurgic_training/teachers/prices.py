"""What models take for their tokens: from a dated file that ships with the program, and from the user's own before it.

No price is ever assumed: a model that stands in neither file is not asked.
"""

import datetime
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from demiurgic.chat.lenient import json_object, json_text
from demiurgic.errors import UserError
from demiurgic.messages import Usage
from demiurgic_training.teachers.money import Money, parse_money, parse_number

_SHIPPED = Path(__file__).with_name("prices.toml")
_FIELDS = {"name", "as_of", "currency", "input", "cached", "output", "batch", "up_to"}
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """What a model takes for a million tokens. Prices in a batch have the same form."""

    currency: str
    input: Decimal
    output: Decimal
    cached: Decimal
    batch: Decimal | None = None
    """What a batch takes of it; None where there are no batches."""
    up_to: int | None = None
    """Tokens of the longest prompt that this holds for."""
    as_of: datetime.date | None = None

    def of(self, usage: Usage) -> Money:
        """What so many tokens cost."""
        fresh = usage.prompt - usage.cached
        amount = fresh * self.input + usage.cached * self.cached + usage.completion * self.output
        return Money(amount / _MILLION, self.currency)

    def together(self) -> "Price":
        """The price in a batch."""
        share = Decimal(1) if self.batch is None else self.batch
        return replace(self, input=self.input * share, output=self.output * share, cached=self.cached * share)


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices by the name of a teacher, and which model is meant by a provider's name alone."""

    prices: Mapping[str, Price]
    meant: Mapping[str, str]

    def price(self, name: str) -> Price:
        """The price of a teacher. Raises UserError where none is known."""
        if name not in self.prices:
            raise UserError(
                f"the price of {name} is not known",
                f"say what a million tokens cost, prompt and answer: --price '{name}=3/15usd', or "
                "answers.price=3/15usd for a loop; nothing is 0/0usd",
            )
        return self.prices[name]

    def full_name(self, name: str) -> str:
        """The teacher that is meant: by `anthropic` alone, the model that the list names for it."""
        return self.meant.get(name, name)


def load_prices(own: Path | None = None, given: Iterable[str] = ()) -> PriceList:
    """The shipped prices, before them those of the user's `own` file, before these those that are `given` as
    NAME=INPUT/OUTPUTcurrency. Raises UserError."""
    prices: dict[str, Price] = {}
    meant: dict[str, str] = {}
    for file in filter(None, (_SHIPPED, own)):
        table = _table(file)
        prices |= dict(_entry(entry, file) for entry in table.get("model", ()))
        meant |= {name: str(model) for name, model in table.get("teachers", {}).items()}
    prices |= dict(map(_given, given))
    return PriceList(prices, meant)


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}", f"see the form of {_SHIPPED}") from error


def _entry(entry: Any, file: Path) -> tuple[str, Price]:  # noqa: ANN401 - whatever the file holds
    held = json_object(entry)
    name = json_text(held.get("name"))
    if not name:
        raise UserError(f"{file}: a [[model]] has no name", f"see the form of {_SHIPPED}")
    where = f"{file}: {name}"
    if unknown := sorted(set(held) - _FIELDS):
        raise UserError(f"{where}: {unknown[0]!r} is not known", f"there are {', '.join(sorted(_FIELDS))}")
    for needed in ("currency", "input", "output"):
        if needed not in held:
            raise UserError(f"{where} has no {needed!r}", f"see the form of {_SHIPPED}")
    fresh = parse_number(held["input"], f"{where}: input")
    cached = parse_number(held.get("cached", fresh), f"{where}: cached")
    if cached > fresh:
        raise UserError(f"{where}: cached tokens cannot cost more than others", "give the higher price as `input`")
    return name, Price(
        parse_money(f"0{held['currency']}").currency,
        fresh,
        parse_number(held["output"], f"{where}: output"),
        cached,
        parse_number(held["batch"], f"{where}: batch") if "batch" in held else None,
        int(parse_number(held["up_to"], f"{where}: up_to")) if "up_to" in held else None,
        held.get("as_of"),
    )


def _given(text: str) -> tuple[str, Price]:
    """`NAME=3/15usd`. A name may hold `=` itself."""
    name, _, amounts = text.rpartition("=")
    read, separator, written = amounts.partition("/")
    if not name or not separator:
        raise UserError(f"--price {text!r} says no price", "write it as NAME=INPUT/OUTPUTcurrency: m=3/15usd")
    output = parse_money(written)
    price = parse_number(read, f"--price {name}: input")
    return name, Price(output.currency, price, output.amount, price)
