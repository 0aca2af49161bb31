"""Sends questions in batches, waits for them, and settles each by its id; goes on with what was under way when it was
killed, so that nothing is sent twice.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TypeAlias

from demiurgic.chat.remote import Ask
from demiurgic.errors import ProviderError, UserError
from demiurgic_training.teachers.accounts import BudgetSpent
from demiurgic_training.teachers.batches.protocol import BatchWire, NotDone, Result
from demiurgic_training.teachers.desk import Hired
from demiurgic_training.teachers.ledger import Ledger, OpenBatch, Paid
from demiurgic_training.teachers.money import Money
from demiurgic_training.teachers.remote import RemoteTeacher
from demiurgic_training.teachers.worst import most_tokens, worst_cost

_MOST_QUESTIONS, _MOST_BYTES = 10_000, 100 * 2**20
_MOST_TIMES = 3
"""How often a question is sent again that expired."""
_PATIENCE = 20
"""How often in a row a batch may be asked for in vain."""

Outcome: TypeAlias = Paid | NotDone


@dataclass(frozen=True, slots=True)
class Batches:
    """The batches of one teacher: how they are sent, what they take, and how long to wait before asking again."""

    teacher: RemoteTeacher
    wire: BatchWire
    hired: Hired
    pause: float = 30.0

    def run(
        self, name: str, asks: Mapping[str, Ask], ledger: Ledger, report: Callable[[int, int], None]
    ) -> dict[str, Outcome]:
        """What became of each question, by its key. `report` is told how many are answered, of how many. What was
        settled is kept whatever is raised: BudgetSpent, ProviderError, or UserError."""
        if self.hired.price.batch is None:
            raise UserError(f"no batch price is known for {name}", "ask without --batch")
        outcomes: dict[str, Outcome] = {}
        times: dict[str, int] = {}
        self._find_lost(name, ledger)
        while True:
            outcomes |= {key: ledger.paid[key] for key in asks if key in ledger.paid}
            report(len(outcomes), len(asks))
            new = {key: ask for key, ask in asks.items() if key not in outcomes and not ledger.waits(key)}
            open_ones = self._send(name, new, ledger)
            if not open_ones:
                return outcomes
            for key, problem in self._collect(open_ones, ledger):
                times[key] = times.get(key, 0) + 1
                if not problem.again or times[key] >= _MOST_TIMES:
                    outcomes[key] = problem

    def _find_lost(self, name: str, ledger: Ledger) -> None:
        for batch in ledger.batches(name):
            if not batch.id:
                ledger.batch_sent(batch, self.teacher.loop.run(partial(self.wire.find, batch)))

    def _send(self, name: str, asks: Mapping[str, Ask], ledger: Ledger) -> Sequence[OpenBatch]:
        """Send as many as the budget bears, and return all that are under way. Raises BudgetSpent where none is."""
        for chunk in _chunks(asks):
            try:
                self._submit(name, chunk, ledger)
            except BudgetSpent:
                if not ledger.batches(name):
                    raise
                break  # what comes back first may leave enough
        return ledger.batches(name)

    def _submit(self, name: str, chunk: Mapping[str, Ask], ledger: Ledger) -> None:
        price = self.hired.price.together()
        asks = {key: worst_cost(ask, price).amount for key, ask in chunk.items()}
        left = ledger.left(price.currency)
        fitting = asks if left is None else _fitting(asks, left.amount)
        batch = OpenBatch(secrets.token_hex(8), name, price.currency, fitting or asks, time.time())
        ledger.send_batch(batch)
        try:
            id = self.teacher.loop.run(partial(self.wire.submit, batch.token, [chunk[key] for key in batch.asks]))
        except ProviderError as error:
            if error.status is not None and 400 <= error.status < 500:
                ledger.batch_sent(batch, "")
            raise
        ledger.batch_sent(batch, id)

    def _collect(self, batches: Sequence[OpenBatch], ledger: Ledger) -> Iterator[tuple[str, NotDone]]:
        """Wait until one of the batches has ended, and settle all of it."""
        failures = 0
        while True:
            for batch in batches:
                try:
                    results = self.teacher.loop.run(partial(self.wire.results, batch))
                except ProviderError:
                    failures += 1
                    if failures >= _PATIENCE:
                        raise
                else:
                    failures = 0
                    if results is not None:
                        yield from self._settle(batch, results, ledger)
                        return
            time.sleep(self.pause)

    def _settle(self, batch: OpenBatch, results: Mapping[int, Result], ledger: Ledger) -> Iterator[tuple[str, NotDone]]:
        price = self.hired.price.together()
        for number, (key, most) in enumerate(batch.asks.items()):
            if not ledger.waits(key):
                continue
            result = results.get(number, NotDone("the provider says nothing of it"))
            if isinstance(result, NotDone):
                cost = most if result.paid else Decimal()
                ledger.settle(key, Money(cost, batch.currency), batch.teacher)
                yield key, result
            else:
                cost = price.of(result.usage) if result.usage.prompt else Money(most, batch.currency)
                ledger.settle(key, cost, batch.teacher, result)


def _chunks(asks: Mapping[str, Ask]) -> Iterator[dict[str, Ask]]:
    chunk: dict[str, Ask] = {}
    size = 0
    for key, ask in asks.items():
        size += most_tokens(ask).prompt  # no less than its bytes
        if chunk and (len(chunk) >= _MOST_QUESTIONS or size > _MOST_BYTES):
            yield chunk
            chunk, size = {}, 0
        chunk[key] = ask
    if chunk:
        yield chunk


def _fitting(asks: Mapping[str, Decimal], left: Decimal) -> dict[str, Decimal]:
    """As many of the questions, from the first on, as that much money bears."""
    fitting: dict[str, Decimal] = {}
    for key, amount in asks.items():
        left -= amount
        if left < 0:
            break
        fitting[key] = amount
    return fitting
