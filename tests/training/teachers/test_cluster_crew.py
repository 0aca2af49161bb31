"""A teacher through a real Ray cluster: its actors ask, the money stays here, and lost ones cost what they may cost."""

import json
import os
import signal
import sys
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from pathlib import Path

import psutil
import pytest
from support.clusters import free_port, started_cluster
from support.data_program import data
from support.teaching import KEY, files_hold, wanted
from support.teaching_server import TeachingServer

from demiurgic.config import Settings
from demiurgic.errors import MissingExtra, UserError
from demiurgic_training.teachers.accounts import BudgetSpent
from demiurgic_training.teachers.desk import Desk
from demiurgic_training.teachers.ledger import Ledger
from demiurgic_training.teachers.opening import Reach, hire
from demiurgic_training.teachers.prices import load_prices
from demiurgic_training.teachers.protocol import Unanswered

CENT = Decimal("0.01")
CHEAP = "0.02/0.1usd"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory):
    with started_cluster(tmp_path_factory.mktemp("ray") / "ray.log") as address:
        yield address


@contextmanager
def hired_there(url: str, cluster: str, price: str = CHEAP):
    name = f"{url}/v1#m"
    with ExitStack() as opened:
        prices = load_prices(given=[f"{name}={price}"])
        yield hire([name], Settings(server_key=KEY), prices, opened, Reach(32, cluster))[name]


def askers(server: TeachingServer) -> set[int]:
    """Processes that hold a connection to the server, other than this one."""
    port = int(server.url.rpartition(":")[2])
    ends = [each for each in psutil.net_connections("tcp") if each.raddr and each.raddr.port == port and each.pid]
    return {each.pid for each in ends} - {os.getpid()}


def until(true) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
def test_actors_ask_and_the_key_is_nowhere_to_be_read(cluster: str):
    with (
        TeachingServer(lambda text, number: "401" if "wrong" in text else "ok", delay=0.2) as server,
        hired_there(server.url, cluster) as hired,
        ThreadPoolExecutor(8) as executor,
    ):
        waiting = [executor.submit(hired.teacher.ask, wanted(f"q{number}").ask) for number in range(20)]
        until(lambda: len(askers(server)) == 2)
        names = [psutil.Process(pid).cmdline() for pid in askers(server)]
        assert [each.result(60).text for each in waiting] == [f"An answer to: q{number}" for number in range(20)]
        with pytest.raises(Unanswered) as caught:
            hired.teacher.ask(wanted("wrong").ask)
        assert (caught.value.status, caught.value.lost) == (401, 0)
        assert {each.headers["authorization"] for each in server.seen} == {f"Bearer {KEY}"}
        logs = session_folder() / "logs"
    assert all("_Asker" in " ".join(name) and KEY not in " ".join(name) for name in names)
    assert any(logs.iterdir())
    assert not files_hold(logs, KEY)


def session_folder() -> Path:
    import ray

    return Path(ray.nodes()[0]["ObjectStoreSocketName"]).parents[1]


@pytest.mark.slow
def test_a_cent_is_never_passed_where_an_actor_is_killed(cluster: str, tmp_path: Path):
    path = tmp_path / "ledger.jsonl"
    with (
        TeachingServer(write=lambda text: "word" * 49, prices=("0.02", "0.1"), delay=0.05) as server,
        hired_there(server.url, cluster) as hired,
        Ledger(path, {"USD": CENT}) as ledger,
        ThreadPoolExecutor(8) as executor,
    ):
        desk = Desk({"t": hired}, ledger, 8)

        def ask(number: int) -> None:
            with suppress(BudgetSpent):
                desk.answer(wanted(f"question {number}"))

        work = executor.map(ask, range(3000))
        until(lambda: len(server.seen) > 100)
        os.kill(min(askers(server)), signal.SIGKILL)
        list(work)
        again = [text for text, count in Counter(each.text for each in server.seen).items() if count > 1]
        assert again, "something was under way, and was asked again"
        assert len(askers(server)) == 1
        assert server.charged <= CENT
        assert server.charged > CENT / 2, "it did spend"
        assert server.charged < ledger.spent()["USD"].amount <= CENT
        told = ledger.spent()
    with Ledger(path, {"USD": CENT}) as anew:
        assert anew.spent() == told


@pytest.mark.slow
def test_what_was_lost_is_not_asked_again_where_the_budget_may_not_bear_it(cluster: str, tmp_path: Path):
    with TeachingServer(delay=2) as server, hired_there(server.url, cluster) as hired, ThreadPoolExecutor(1) as one:
        most = hired.most(wanted("long").ask)
        with Ledger(tmp_path / "ledger.jsonl", {"USD": most.amount * Decimal("1.5")}) as ledger:
            waiting = begun(one, Desk({"t": hired}, ledger), server)
            with pytest.raises(BudgetSpent):
                waiting.result(60)
            assert ledger.spent() == {"USD": most}
        time.sleep(0.5)
        assert len(server.seen) == 1


def begun(executor: ThreadPoolExecutor, desk: Desk, server: TeachingServer) -> Future[object]:
    """A question whose actor is killed while it is under way."""
    waiting: Future[object] = executor.submit(desk.answer, wanted("long"))
    until(lambda: server.seen)
    for pid in askers(server):
        os.kill(pid, signal.SIGKILL)
    return waiting


def write(text: str) -> str:
    task = f"Write a function named `answer` that gives back its argument. Variation {abs(hash(text)) % 10**9}."
    return (
        task if "Invent one task" in text else "```python\ndef answer(x):\n    return x\n```\nIt gives back x as it is."
    )


@pytest.mark.slow
def test_the_commands_ask_through_a_cluster(cluster: str, tmp_path: Path):
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("Why is the sky blue?\n")
    with TeachingServer(write=write, delay=0.1) as server, ThreadPoolExecutor(1) as watcher:
        model = f"{server.url}/v1#m"
        common = ["--price", f"{model}=3/15usd", "--budget", "1usd", "--yes", "--ray", cluster]
        seen = watcher.submit(
            until, lambda: any("_Asker" in " ".join(psutil.Process(p).cmdline()) for p in askers(server))
        )
        made = data(
            tmp_path, "generate", "--num-examples", 6, "--mix", model, *common, "--out", "out", DEMIURGIC_API_KEY=KEY
        )
        assert made.returncode == 0, made.stderr
        seen.result(1)
        rows = (tmp_path / "out" / "rows.jsonl").read_text().splitlines()
        assert len(rows) == 6
        assert Decimal(json.loads((tmp_path / "out" / "report.json").read_text())["spent"]["USD"]) == server.charged
        asked = len(server.seen)
        paired = data(
            tmp_path, "pairs", "--prompts", prompts, "--models", model, "--samples", 2, "--judge", model, *common,
            "--out", "pairs", DEMIURGIC_API_KEY=KEY,
        )  # fmt: skip
        assert "Traceback" not in paired.stderr
        assert len(server.seen) > asked
        assert {each.headers["authorization"] for each in server.seen} == {f"Bearer {KEY}"}
        assert not files_hold(tmp_path, KEY)
        assert KEY not in made.stdout + made.stderr + paired.stdout + paired.stderr


def test_what_cannot_be_is_told_in_one_line(tmp_path: Path):
    nowhere = f"127.0.0.1:{free_port()}"
    model = "http://127.0.0.1:9/v1#m"
    common = ("generate", "--num-examples", 1, "--mix", model, "--price", f"{model}=3/15usd", "--yes", "--out", "out")
    for more, said in ((("--ray", nowhere), nowhere), (("--ray", nowhere, "--batch"), "--batch")):
        done = data(tmp_path, *common, *more)
        assert done.returncode == 2
        assert said in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not (tmp_path / "out").exists()


def test_ray_is_for_apis_and_must_be_installed(monkeypatch):
    with ExitStack() as opened:
        with pytest.raises(UserError, match="none of the teachers has one"):
            hire(["local"], Settings(model="x.gguf"), load_prices(), opened, Reach(1, "127.0.0.1:1"))
        monkeypatch.setitem(sys.modules, "ray", None)
        with pytest.raises(MissingExtra, match=r"demiurgic\[ray\]"), hired_there("http://127.0.0.1:9", "127.0.0.1:1"):
            pass
