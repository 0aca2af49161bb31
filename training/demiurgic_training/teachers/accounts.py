"""What is spent and what is set aside, by currency, against what may be. In memory, and not for many threads."""

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from demiurgic.errors import WorkError
from demiurgic_training.teachers.money import Money


class BudgetSpent(WorkError):
    """What the next request could cost is more than what is left. Nothing was sent."""


class Accounts:
    """Money by the keys of requests."""

    def __init__(self, caps: Mapping[str, Decimal]) -> None:
        """`caps` limit what may be spent; currencies without one are not limited."""
        self._caps = caps
        self._spent: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._held: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.reserved: dict[str, Money] = {}

    def fits(self, most: Money) -> bool:
        """Whether so much may be set aside now."""
        cap = self._caps.get(most.currency)
        if cap is None or not most.amount:
            return True
        return self._spent[most.currency] + self._held[most.currency] + most.amount <= cap

    def holds(self, currency: str) -> bool:
        """Whether anything is set aside, so that waiting may help."""
        return bool(self._held[currency])

    def hold(self, key: str, most: Money) -> None:
        """Set so much aside for a request."""
        self.reserved[key] = most
        self._held[most.currency] += most.amount

    def free(self, key: str) -> Money | None:
        """Nothing is set aside for this request any more. What was."""
        money = self.reserved.pop(key, None)
        if money is not None:
            self._held[money.currency] -= money.amount
        return money

    def lose(self, key: str) -> None:
        """What was set aside for this request counts as spent."""
        if money := self.free(key):
            self.pay(money)

    def pay(self, cost: Money) -> None:
        """So much was spent."""
        self._spent[cost.currency] += cost.amount

    def spent(self) -> dict[str, Money]:
        """What was spent, by currency."""
        return {currency: Money(amount, currency) for currency, amount in self._spent.items() if amount}

    def left(self, currency: str) -> Money | None:
        """What may still be set aside; None where there is no limit."""
        if currency not in self._caps:
            return None
        return Money(self._caps[currency] - self._spent[currency] - self._held[currency], currency)

    def too_little(self, most: Money) -> BudgetSpent:
        """What to tell who cannot be given so much."""
        spent, cap = (Money(amounts[most.currency], most.currency) for amounts in (self._spent, self._caps))
        return BudgetSpent(
            f"{spent} of {cap} are spent, and what comes next could cost {most}",
            "raise --budget, and start again: nothing is lost",
        )
