"""64 questions at once to a server that answers in 50 ms: how many come back a second.

`desk` asks as `data generate` does, with every question's money set aside and settled on the disk. `ours` does the same with a
teacher that answers after 50 ms without network and SDK, which shows what is our own part of it. `bare` only has connections,
and shows what the server and this machine can do.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

from bench.asking_server import DELAY
from bench.figures import Figures, answer
from demiurgic.config import Settings
from demiurgic.messages import Usage, User
from demiurgic_training.teachers.desk import Desk, Hired, Wanted
from demiurgic_training.teachers.ledger import Ledger
from demiurgic_training.teachers.opening import Reach, hire
from demiurgic_training.teachers.prices import load_prices
from demiurgic_training.teachers.protocol import Answer, question

AT_ONCE, SECONDS = 64, 8
PRICES = load_prices(given=["m=1/5usd"])


@contextmanager
def served():
    command = [sys.executable, "-m", "bench.asking_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        server.stdin.close()


class Waiting:
    """A teacher that needs time and nothing else."""

    name, tries = "m", 3

    def ask(self, ask):
        time.sleep(DELAY)
        return Answer("word " * 100, "stop", usage=Usage(100, 0, 100))

    def close(self):
        pass


def rate(teachers) -> float:
    [name] = teachers
    with (
        tempfile.TemporaryDirectory() as folder,
        Ledger(Path(folder) / "ledger.jsonl", {"USD": Decimal(1000)}) as ledger,
    ):
        desk = Desk(teachers, ledger, AT_ONCE)

        def work(worker: int, ends: float) -> int:
            done = 0
            while time.perf_counter() < ends or (ends == 0 and done < 2):
                desk.answer(Wanted(f"{ends}/{worker}/{done}", name, question((User("word " * 100),), 200)))
                done += 1
            return done

        with ThreadPoolExecutor(desk.threads) as executor:
            list(executor.map(work, range(desk.threads), [0.0] * desk.threads))  # connections
            started = time.perf_counter()
            done = sum(executor.map(work, range(desk.threads), [started + SECONDS] * desk.threads))
            return done / (time.perf_counter() - started)


def desk(_model: str) -> Figures:
    with served() as url, ExitStack() as opened:
        prices = load_prices(given=[f"{url}#m=1/5usd"])
        return {"rate": rate(hire([f"{url}#m"], Settings(), prices, opened, Reach(AT_ONCE)))}


def ours(_model: str) -> Figures:
    return {"rate": rate({"m": Hired(Waiting(), PRICES.price("m"))})}


def bare(_model: str) -> Figures:
    async def client(url: str, ends: float) -> int:
        port, done = int(url.split(":")[2].split("/")[0]), 0
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < ends:
            writer.write(b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
            done += 1
        writer.close()
        return done

    async def all_of_them(url: str) -> float:
        started = time.perf_counter()
        done = sum(await asyncio.gather(*(client(url, started + SECONDS) for _ in range(AT_ONCE))))
        return done / (time.perf_counter() - started)

    with served() as url:
        return {"rate": asyncio.run(all_of_them(url))}


if __name__ == "__main__":
    answer(desk, ours, bare)
