"""Batches of both providers through their SDKs: out of order, expired, refused, killed between, at half the price."""

import time
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pytest
from support.teaching import PRICE, hired, wanted
from support.teaching_server import TeachingServer

from demiurgic.errors import UserError
from demiurgic_training.teachers.accounts import BudgetSpent
from demiurgic_training.teachers.batches.opening import batches_of
from demiurgic_training.teachers.batches.protocol import NotDone
from demiurgic_training.teachers.ledger import Ledger, OpenBatch, Paid

KINDS = pytest.mark.parametrize("kind", ["openai", "anthropic"])
PAUSE = 0.01


def silent(done: int, total: int) -> None:
    pass


def asks(*texts: str):
    return {text: wanted(text).ask for text in texts}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.jsonl"


@KINDS
def test_results_out_of_order_find_their_questions_at_half_the_price(kind, path):
    with TeachingServer() as server, hired(kind, server.url) as one, Ledger(path, {"USD": Decimal(1)}) as ledger:
        server.looks_needed = 3
        outcomes = batches_of(one, PAUSE).run("t", asks("a", "b", "c"), ledger, silent)
        assert {key: paid.answer.text for key, paid in outcomes.items()} == {
            key: f"An answer to: {key}" for key in "abc"
        }
        for key, paid in outcomes.items():
            assert paid.cost.amount == PRICE.of(paid.answer.usage).amount / 2, key
        assert len(server.batches) == 1
        assert not server.seen, "nothing was asked outside of the batch"


@KINDS
def test_what_expired_is_sent_again_and_was_not_paid_for(kind, path):
    late = {"b"}

    def result(text: str) -> str:
        return "expired" if text in late and len(server.batches) == 1 else "ok"

    with TeachingServer() as server, hired(kind, server.url) as one, Ledger(path, {}) as ledger:
        server.batch_result = result
        outcomes = batches_of(one, PAUSE).run("t", asks("a", "b"), ledger, silent)
        assert all(isinstance(outcome, Paid) for outcome in outcomes.values())
        assert [len(batch.asked) for batch in server.batches.values()] == [2, 1]
        assert ledger.spent()["USD"].amount == sum(paid.cost.amount for paid in outcomes.values())


@KINDS
def test_what_always_expires_is_given_up(kind, path):
    with TeachingServer() as server, hired(kind, server.url) as one, Ledger(path, {}) as ledger:
        server.batch_result = lambda text: "expired"
        outcomes = batches_of(one, PAUSE).run("t", asks("a"), ledger, silent)
        assert isinstance(outcomes["a"], NotDone)
        assert len(server.batches) == 3
        assert not ledger.spent()


@KINDS
def test_what_is_refused_is_told_and_costs_nothing(kind, path):
    with TeachingServer() as server, hired(kind, server.url) as one, Ledger(path, {}) as ledger:
        server.batch_result = lambda text: "ok" if text == "a" else "refused"
        outcomes = batches_of(one, PAUSE).run("t", asks("a", "b"), ledger, silent)
        assert isinstance(outcomes["a"], Paid)
        assert outcomes["b"] == NotDone("not like this")


@KINDS
def test_a_batch_that_was_under_way_is_waited_for_and_not_sent_again(kind, path):
    with TeachingServer() as server, hired(kind, server.url) as one:
        batches = batches_of(one, PAUSE)
        with Ledger(path, {"USD": Decimal(1)}) as ledger:
            batches._submit("t", asks("a", "b"), ledger)
        with Ledger(path, {"USD": Decimal(1)}) as ledger:
            assert not ledger.spent(), "what a batch holds is not lost"
            outcomes = batches.run("t", asks("a", "b"), ledger, silent)
        assert all(isinstance(outcome, Paid) for outcome in outcomes.values())
        assert len(server.batches) == 1


@KINDS
def test_a_batch_whose_id_was_never_heard_is_found_again(kind, path):
    with TeachingServer() as server, hired(kind, server.url) as one:
        batches, token = batches_of(one, PAUSE), "f00d"
        with Ledger(path, {}) as ledger:
            batch = OpenBatch(token, "t", "USD", {"a": Decimal("0.01")}, time.time())
            ledger.send_batch(batch)
            one.teacher.loop.run(partial(batches.wire.submit, token, [wanted("a").ask]))
        with Ledger(path, {}) as ledger:
            outcomes = batches.run("t", asks("a"), ledger, silent)
        assert isinstance(outcomes["a"], Paid)
        assert len(server.batches) == 1


@KINDS
def test_a_batch_that_never_arrived_is_sent_anew(kind, path):
    with TeachingServer() as server, hired(kind, server.url) as one:
        with Ledger(path, {"USD": Decimal(1)}) as ledger:
            ledger.send_batch(OpenBatch("gone", "t", "USD", {"a": Decimal("0.9")}, 0.0))
        with Ledger(path, {"USD": Decimal(1)}) as ledger:
            outcomes = batches_of(one, PAUSE).run("t", asks("a"), ledger, silent)
            assert isinstance(outcomes["a"], Paid)
            assert ledger.spent()["USD"].amount < Decimal("0.01")
        assert len(server.batches) == 1


@KINDS
def test_a_small_budget_sends_a_large_batch_in_parts(kind, path):
    with TeachingServer() as server, hired(kind, server.url) as one:
        once = one.most(wanted("a").ask).amount / one.teacher.tries / 2
        with Ledger(path, {"USD": once * Decimal("2.5")}) as ledger:
            outcomes = batches_of(one, PAUSE).run("t", asks("a", "b", "c", "d"), ledger, silent)
            assert all(isinstance(outcome, Paid) for outcome in outcomes.values())
            assert ledger.spent()["USD"].amount <= once * Decimal("2.5")
        assert len(server.batches) > 1
        with Ledger(path, {"USD": once}) as ledger, pytest.raises(BudgetSpent):
            batches_of(one, PAUSE).run("t", asks("e"), ledger, silent)


def test_without_a_batch_price_there_are_no_batches():
    with TeachingServer() as server, hired("openai", server.url, replace(PRICE, batch=None)) as one:
        assert batches_of(one, PAUSE) is None


def test_a_price_must_be_known(path):
    with TeachingServer() as server, hired("openai", server.url) as one, Ledger(path, {}) as ledger:
        batches = batches_of(one, PAUSE)
        unknown = replace(batches, hired=replace(one, price=replace(PRICE, batch=None)))
        with pytest.raises(UserError, match="no batch price"):
            unknown.run("t", asks("a"), ledger, silent)
