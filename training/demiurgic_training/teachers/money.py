"""Amounts of money: exact, and each of one currency. Currencies are never mixed nor converted."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from demiurgic.errors import UserError

_SIGNS = {"$": "USD", "€": "EUR", "¥": "CNY", "￥": "CNY", "£": "GBP"}
_AMOUNT = re.compile(r"(?P<sign>[$€¥￥£]?)\s*(?P<number>\d+(?:\.\d+)?|\.\d+)\s*(?P<name>[A-Za-z]{3}|)")
_CENT = Decimal("0.01")
_EXAMPLE = "such as 50usd or 300cny"


@dataclass(frozen=True, slots=True)
class Money:
    """So much of a currency, which is named by its three capital letters."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        """As people read it: whole cents, and what is less than one with two digits that count."""
        if self.amount == 0 or self.amount >= _CENT:
            return f"{self.amount.quantize(_CENT)} {self.currency}"
        return f"{self.amount:.2g} {self.currency}"


def parse_money(text: str) -> Money:
    """What a user means by `50usd`, `50 USD` or `$50`. Raises UserError."""
    found = _AMOUNT.fullmatch(text.strip())
    currency = found and (_SIGNS.get(found["sign"], "") or found["name"].upper())
    if not found or not currency or (found["sign"] and found["name"]):
        raise UserError(f"{text!r} is no amount of money", f"name a number and its currency, {_EXAMPLE}")
    return Money(Decimal(found["number"]), currency)


def parse_budget(texts: Iterable[str]) -> dict[str, Decimal]:
    """The most that may be spent, by currency. Raises UserError."""
    caps: dict[str, Decimal] = {}
    for text in texts:
        money = parse_money(text)
        if money.amount <= 0:
            raise UserError(f"a budget of {text} buys nothing", f"name more than nothing, {_EXAMPLE}")
        if money.currency in caps:
            raise UserError(f"there are two budgets in {money.currency}", "name one for each currency")
        caps[money.currency] = money.amount
    return caps


def parse_number(text: object, what: str) -> Decimal:
    """A number that is not negative, exactly as it was written. Raises UserError, which names `what`."""
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        number = Decimal(-1)
    if isinstance(text, bool) or not number.is_finite() or number < 0:
        raise UserError(f"{what} is {text!r}; a number from 0 on is expected")
    return number
