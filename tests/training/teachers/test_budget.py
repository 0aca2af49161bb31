"""The cap holds over threads, over failures that may have cost, and over restarts by SIGKILL."""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest
from support.teaching import hired, wanted
from support.teaching_server import TeachingServer

from demiurgic.errors import UserError
from demiurgic_training.teachers.accounts import BudgetSpent
from demiurgic_training.teachers.desk import Desk
from demiurgic_training.teachers.ledger import Ledger
from demiurgic_training.teachers.money import Money
from demiurgic_training.teachers.protocol import Answer

CHILD = Path(__file__).parents[2] / "support" / "spending_child.py"
CENT = Decimal("0.01")


def moody(text: str, number: int) -> str:
    """Mostly well, sometimes in every bad way."""
    return random.Random(f"{text} {number}").choices(
        ["ok", "drop", "429", "500", "hang", "garbage", "504"], [80, 5, 5, 4, 1, 3, 2]
    )[0]


def long(text: str) -> str:
    """As many tokens as may be: all 4,000 answers would cost two cents."""
    return "word" * 49


def settled(path: Path) -> set[str]:
    lines = [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]
    return {line["settled"] for line in lines if "answer" in line}


def test_a_cent_is_never_passed_by_forty_threads_and_five_kills(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    with TeachingServer(moody, long, prices=("0.02", "0.1"), delay=0.01) as server:

        def start() -> "subprocess.Popen[str]":
            command = [sys.executable, str(CHILD), str(ledger), server.url, str(CENT), "40", "4000"]
            return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

        for _ in range(5):
            child, before = start(), len(server.seen)
            deadline = time.monotonic() + 60
            while len(server.seen) < before + 60 and time.monotonic() < deadline and child.poll() is None:
                time.sleep(0.005)
            assert child.poll() is None, "it was killed while it spent"
            child.send_signal(signal.SIGKILL)
            child.communicate()
            known, here = settled(ledger), len(server.seen)
            assert known, "something was paid and kept"
        with start() as child:
            told, _ = child.communicate(timeout=120)
        asked_again = known & {each.text for each in server.seen[here:]}
        assert child.returncode == 0
        assert not asked_again
        assert server.charged <= CENT
        assert server.charged > CENT / 20, "it did spend"
        assert Decimal(json.loads(told)["USD"]) <= CENT


def test_what_was_set_aside_when_it_was_killed_counts_as_spent(tmp_path):
    path, caps = tmp_path / "ledger.jsonl", {"USD": Decimal(10)}
    with Ledger(path, caps) as ledger:
        ledger.reserve("a", Money(Decimal(4), "USD"))
        ledger.reserve("b", Money(Decimal(4), "USD"))
        ledger.settle("b", Money(Decimal(1), "USD"), "t", Answer("b", "stop"))
    with Ledger(path, caps) as ledger:
        assert ledger.spent() == {"USD": Money(Decimal(5), "USD")}
        ledger.reserve("a", Money(Decimal(5), "USD"))
    with Ledger(path, caps) as ledger:
        assert ledger.spent() == {"USD": Money(Decimal(10), "USD")}
        with pytest.raises(BudgetSpent):
            ledger.reserve("a", Money(CENT, "USD"))


def test_who_has_too_little_waits_for_what_may_become_free(tmp_path):
    with Ledger(tmp_path / "ledger.jsonl", {"USD": Decimal(10)}) as ledger:
        ledger.reserve("a", Money(Decimal(8), "USD"))
        waiting = threading.Thread(target=ledger.reserve, args=("b", Money(Decimal(8), "USD")))
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        ledger.settle("a", Money(Decimal(1), "USD"), "t")
        waiting.join(5)
        assert not waiting.is_alive()


def test_currencies_have_caps_of_their_own(tmp_path):
    with Ledger(tmp_path / "ledger.jsonl", {"USD": Decimal(1), "CNY": Decimal(7)}) as ledger:
        ledger.reserve("a", Money(Decimal(1), "USD"))
        ledger.reserve("b", Money(Decimal(7), "CNY"))
        assert ledger.left("USD") == Money(Decimal(0), "USD")
        assert ledger.left("EUR") is None


def test_one_program_at_a_time_spends(tmp_path):
    with (
        Ledger(tmp_path / "ledger.jsonl", {}),
        pytest.raises(UserError, match="another program"),
    ):
        Ledger(tmp_path / "ledger.jsonl", {})


def test_a_budget_that_bears_nothing_asks_nothing(tmp_path):
    with (
        TeachingServer() as server,
        hired("openai", server.url) as one,
        Ledger(tmp_path / "ledger.jsonl", {"USD": Decimal("0.000001")}) as ledger,
        pytest.raises(BudgetSpent, match="raise --budget"),
    ):
        Desk({"t": one}, ledger).answer(wanted("rich"))
    assert not server.seen
