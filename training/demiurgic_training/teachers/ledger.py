"""All that was paid for and got, in one file that only grows. Money is set aside there before it can be spent.

What a request could cost at most is on the disk before the request is sent. Who kills the program in between leaves the
amount set aside for good, since nobody knows what was paid: the cap holds over any number of threads and restarts. An
answer and its price are one line, so that no answer is paid for twice. One program at a time holds the file's lock.

    {"reserved": key, "amount": "0.01", "currency": "USD"}
    {"settled": key, "cost": "0.002", "answer": {...}}           without an answer where none came
    {"batch": token, "teacher": ..., "currency": ..., "asks": {key: amount}}       and {"batched": token, "id": ...}
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from demiurgic.chat.lenient import json_object
from demiurgic.evaluation.lines import Row
from demiurgic.messages import Json, Usage
from demiurgic_training.journal import Journal
from demiurgic_training.teachers.accounts import Accounts
from demiurgic_training.teachers.money import Money
from demiurgic_training.teachers.protocol import Answer


@dataclass(frozen=True, slots=True)
class Paid:
    """An answer, who gave it, and what it cost."""

    answer: Answer
    teacher: str
    cost: Money


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """Questions that were sent together, and the most that each may cost. `id` is the provider's, empty where it is not
    known whether the batch ever reached it."""

    token: str
    teacher: str
    currency: str
    asks: Mapping[str, Decimal]
    at: float = 0.0
    id: str = ""


class Ledger:
    """The file of one run, and the money that it may spend. For many threads."""

    def __init__(self, path: Path, caps: Mapping[str, Decimal]) -> None:
        """Go on with what is there. `caps` limit what may be spent, by currency; others are not limited. Raises
        UserError where another program holds the file."""
        self._accounts = Accounts(caps)
        self._changed = threading.Condition()
        self.paid: dict[str, Paid] = {}
        self._batches: dict[str, OpenBatch] = {}
        self._batch_of: dict[str, str] = {}
        self._journal = Journal(path, self._take)
        self._write_off()

    def reserve(self, key: str, most: Money) -> None:
        """Set aside the most that the request for this key can cost. Waits while what others have set aside may yet
        become free. Raises BudgetSpent."""
        with self._changed:
            while not self._accounts.fits(most):
                if not self._accounts.holds(most.currency):
                    raise self._accounts.too_little(most)
                self._changed.wait()
            self._accounts.hold(key, most)
        if most.amount:
            self._append({"reserved": key, "amount": str(most.amount), "currency": most.currency})

    def settle(self, key: str, cost: Money, teacher: str, answer: Answer | None = None) -> None:
        """The request for this key has ended: this is what it cost, and what it brought."""
        line: Row = {"settled": key, "cost": str(cost.amount), "currency": cost.currency, "teacher": teacher}
        if answer is not None:
            line["answer"] = answer_to_json(answer)
        if answer is not None or self._accounts.reserved[key].amount:
            self._append(line)
        with self._changed:
            self._settled(key, cost)
            if answer is not None:
                self.paid[key] = Paid(answer, teacher, cost)
            self._changed.notify_all()

    def abandon(self, key: str) -> None:
        """Nobody will hear what became of this request: what was set aside for it counts as spent."""
        with self._changed:
            self._accounts.lose(key)
            self._changed.notify_all()

    def send_batch(self, batch: OpenBatch) -> None:
        """Set aside the money for questions that will be sent together. Raises BudgetSpent."""
        whole = Money(sum(batch.asks.values(), Decimal()), batch.currency)
        with self._changed:
            if not self._accounts.fits(whole):
                raise self._accounts.too_little(whole)
            self._open(batch)
        asks: Json = {key: str(amount) for key, amount in batch.asks.items()}
        told = {"batch": batch.token, "teacher": batch.teacher, "currency": batch.currency, "at": batch.at}
        self._append({**told, "asks": asks})

    def batch_sent(self, batch: OpenBatch, id: str) -> OpenBatch:
        """The provider has it under this id. An empty one: it was never sent, and cost nothing."""
        self._append({"batched": batch.token, "id": id})
        with self._changed:
            return self._batched(batch.token, id)

    def spent(self) -> dict[str, Money]:
        """What was paid, by currency, with what may have been paid before the program was killed."""
        with self._changed:
            return self._accounts.spent()

    def left(self, currency: str) -> Money | None:
        """What may still be set aside; None where there is no limit."""
        with self._changed:
            return self._accounts.left(currency)

    def batches(self, teacher: str) -> list[OpenBatch]:
        """Batches of a teacher's of which not all answers are here."""
        with self._changed:
            waiting = set(self._batch_of.values())
            return [each for each in self._batches.values() if each.teacher == teacher and each.token in waiting]

    def waits(self, key: str) -> bool:
        """Whether the question of this key is on its way in a batch."""
        return key in self._batch_of

    def close(self) -> None:
        """Let others have it."""
        self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append(self, line: Row) -> None:
        self._journal.append(line)

    def _settled(self, key: str, cost: Money) -> None:
        self._free(key)
        self._accounts.pay(cost)

    def _free(self, key: str) -> None:
        self._accounts.free(key)
        self._batch_of.pop(key, None)

    def _open(self, batch: OpenBatch) -> None:
        self._batches[batch.token] = batch
        for key, amount in batch.asks.items():
            self._accounts.hold(key, Money(amount, batch.currency))
            self._batch_of[key] = batch.token

    def _batched(self, token: str, id: str) -> OpenBatch:
        batch = self._batches[token] = replace(self._batches[token], id=id)
        if not id:
            for key in batch.asks:
                self._free(key)
            self._changed.notify_all()
        return batch

    def _take(self, row: Row) -> None:
        """One more line of an earlier start."""
        match row:
            case {"reserved": str(key), "amount": amount, "currency": str(currency)}:
                self._accounts.lose(key)
                self._accounts.hold(key, Money(Decimal(amount), currency))
            case {"settled": str(key), "cost": cost, "currency": str(currency), "teacher": str(teacher)}:
                paid = Money(Decimal(cost), currency)
                self._settled(key, paid)
                if "answer" in row:
                    self.paid[key] = Paid(answer_from_json(row["answer"]), teacher, paid)
            case {"batch": str(token), "teacher": str(teacher), "currency": str(currency), "asks": asks}:
                held = {key: Decimal(amount) for key, amount in json_object(asks).items()}
                self._open(OpenBatch(token, teacher, currency, held, float(row["at"])))
            case {"batched": str(token), "id": str(id)}:
                with self._changed:
                    self._batched(token, id)
            case _:
                raise ValueError("it is none of the lines that are known here")

    def _write_off(self) -> None:
        """What was set aside when the program was killed may have been spent. Batches are still on their way."""
        for key in set(self._accounts.reserved) - set(self._batch_of):
            self._accounts.lose(key)


def answer_to_json(answer: Answer) -> dict[str, Json]:
    """An answer as it stands in the file."""
    usage = answer.usage
    told: dict[str, Json] = {
        "text": answer.text,
        "finish": answer.finish,
        "tokens": [usage.prompt, usage.cached, usage.completion],
    }
    if answer.reasoning:
        told["reasoning"] = answer.reasoning
    return told


def answer_from_json(value: Mapping[str, Any]) -> Answer:
    """An answer from the file. Raises KeyError or ValueError."""
    prompt, cached, completion = value["tokens"]
    return Answer(value["text"], value["finish"], value.get("reasoning", ""), Usage(prompt, cached, completion))
