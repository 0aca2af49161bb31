"""Where questions are paid for: what is known is not asked again, and nothing is sent that the budget may not bear."""

from collections.abc import Generator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from threading import BoundedSemaphore

from demiurgic.chat.remote import Ask
from demiurgic.errors import BadSchema, DemiurgicError, UnsupportedRequest, UserError
from demiurgic_training.teachers.ledger import Ledger, Paid
from demiurgic_training.teachers.money import Money
from demiurgic_training.teachers.prices import Price
from demiurgic_training.teachers.protocol import Answer, Lost, Teacher, Unanswered
from demiurgic_training.teachers.worst import worst_cost

_DOLLARS = "USD"
_REFUSED = frozenset({400, 422, 501})
"""Statuses by which servers say that they do not take a request as it is: perhaps they take a simpler one."""
_STARTS = 3
"""So often a question is put where who asks it is lost, lest one that ends processes ends them all."""
FREE = Price(_DOLLARS, Decimal(), Decimal(), Decimal())
"""What a model of this machine takes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question to be put, to whom, and the key under which its answer is kept."""

    key: str
    teacher: str
    ask: Ask


@dataclass(frozen=True, slots=True)
class Hired:
    """A teacher, and what it takes."""

    teacher: Teacher
    price: Price = FREE

    def most(self, ask: Ask) -> Money:
        """No answer to this costs more, however often it has to be tried. Raises UserError."""
        once = worst_cost(ask, self.price)
        return Money(once.amount * self.teacher.tries, once.currency)

    def cost(self, ask: Ask, answer: Answer) -> Money:
        """What an answer cost: what the provider says that it took, or its tokens. Where it says neither, and for tries
        that came to nothing, the most."""
        once = worst_cost(ask, self.price)
        paid = self.price.of(answer.usage).amount
        if answer.charged is not None and self.price.currency == _DOLLARS:
            paid = answer.charged
        elif not answer.usage.prompt:
            paid = once.amount
        return Money(paid + answer.lost * once.amount, once.currency)


def takes_no_schema(error: DemiurgicError) -> bool:
    """Whether what went wrong may go well once no schema is asked for."""
    refused = isinstance(error, Unanswered) and error.status in _REFUSED
    return refused or isinstance(error, UnsupportedRequest | BadSchema)


class Desk:
    """Asks teachers by name, `at_once` questions at most. For many threads: with `threads` of them that many questions
    are always in the air, while others wait for the disk."""

    def __init__(self, teachers: Mapping[str, Hired], ledger: Ledger, at_once: int = 32) -> None:
        self.teachers, self.ledger = teachers, ledger
        self.threads = at_once + at_once // 2
        self._places = BoundedSemaphore(at_once)

    @contextmanager
    def asking(self) -> Generator[Executor]:
        """The threads. Who leaves early, as by Ctrl-C, waits for no answer: the teachers hang up."""
        with ThreadPoolExecutor(self.threads, "asking") as executor:
            try:
                yield executor
            except BaseException:
                for hired in self.teachers.values():
                    hired.teacher.close()
                raise

    def answer(self, wanted: Wanted) -> Paid:
        """The answer to a question. Raises BudgetSpent, Unanswered, or UserError where no teacher could ever answer; it
        may be asked again then. Where who asks is lost, what was set aside is spent, and as much is set aside anew."""
        if known := self.ledger.paid.get(wanted.key):
            return known
        for _ in range(_STARTS - 1):
            with suppress(Lost):
                return self._asked(wanted)
        return self._asked(wanted)

    def _asked(self, wanted: Wanted) -> Paid:
        key, name, ask = wanted.key, wanted.teacher, wanted.ask
        hired = self.teachers[name]
        self.ledger.reserve(key, hired.most(ask))
        try:
            with self._places:
                answer = hired.teacher.ask(ask)
        except Unanswered as error:
            once = worst_cost(ask, hired.price)
            self.ledger.settle(key, Money(error.lost * once.amount, once.currency), name)
            raise
        except UserError:
            self.ledger.settle(key, Money(Decimal(), hired.price.currency), name)
            raise
        except BaseException:
            self.ledger.abandon(key)
            raise
        self.ledger.settle(key, hired.cost(ask, answer), name, answer)
        return self.ledger.paid[key]
