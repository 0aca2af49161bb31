"""A server with agents whose model says what it is told to, on a real socket and in the test's own process."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2
import uvicorn

from demiurgic.agent.events import AgentEvent
from demiurgic.agent.sessions.shelf import Shelf
from demiurgic.agent.sessions.wire import event_from_json
from demiurgic.chat.protocol import ChatModel
from demiurgic.config import Settings
from demiurgic_server.agent.runs import Means, Runs
from demiurgic_server.app import build_app
from demiurgic_server.gate import Gate
from demiurgic_server.house import House
from demiurgic_server.listening import bound
from demiurgic_server.meter import Meter
from demiurgic_server.pool import Pool
from demiurgic_server.serving import Limits, Serving

RUNS = "/v1/agent/runs"
USUAL = Limits()
_LONGEST = 30


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a stream: its number, and its JSON as it came."""

    number: int
    text: str

    @property
    def event(self) -> AgentEvent:
        return event_from_json(json.loads(self.text))


@dataclass(frozen=True, slots=True)
class AgentHouse:
    """One that listens."""

    house: House
    url: str
    state: Path
    loop: asyncio.AbstractEventLoop

    def client(self, key: str = "") -> httpx2.Client:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return httpx2.Client(base_url=self.url, timeout=_LONGEST, headers=headers)

    def shelf(self, folder: Path) -> Shelf:
        return Shelf(self.state, folder)

    def stop(self) -> None:
        """As a signal does when the grace is over."""
        self.loop.call_soon_threadsafe(self.house.stopping.set)


def events(client: httpx2.Client, run: str, after: int = 0, **headers: str) -> Iterator[Told]:
    """What a run tells, as it comes."""
    number = 0
    with client.stream("GET", f"{RUNS}/{run}/events", params={"after": after}, headers=headers) as response:
        assert response.status_code == 200, response.read()
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                number = int(value)
            elif name == "data":
                yield Told(number, value)


@contextmanager
def agents(state: Path, model: ChatModel, roots: tuple[Path, ...], limits: Limits = USUAL, **serving):
    """A server of one model, under whose roots agents may work."""
    ready: threading.Event = threading.Event()
    made: list[AgentHouse] = []
    wishes = Serving(port=0, roots=roots, limits=limits, **serving)

    def run() -> None:
        asyncio.run(_serve(wishes, model, state, made, ready))

    thread = threading.Thread(target=run, name="server")
    thread.start()
    try:
        assert ready.wait(_LONGEST), "it did not start"
        yield made[0]
    finally:
        if made:
            made[0].stop()
        thread.join(_LONGEST)
        assert not thread.is_alive(), "it did not end"


async def _serve(serving: Serving, model: ChatModel, state: Path, made: list[AgentHouse], ready) -> None:
    settings = Settings(
        state_dir=state, sandbox="process", allow_process=True, environment=(("PATH", "/usr/bin:/bin"),)
    )
    gate = Gate(serving.limits.parallel, serving.limits.queue)
    pool, meter, stopping = Pool(("scripted",), lambda _: model), Meter(), asyncio.Event()
    means = Means(pool, gate, meter, stopping, lambda _, approve: replace(settings, approve=approve))
    house = House(serving, pool, gate, meter, Runs(serving, means), stopping)
    listening = bound(house)
    server = uvicorn.Server(uvicorn.Config(build_app(house), log_config=None, timeout_graceful_shutdown=None))
    made.append(AgentHouse(house, f"http://127.0.0.1:{listening.getsockname()[1]}", state, asyncio.get_running_loop()))
    ending = asyncio.create_task(_end(server, stopping))
    listening.listen()
    ready.set()
    await server.serve([listening])
    await house.runs.close(0)
    await ending
    await pool.close()


async def _end(server: uvicorn.Server, stopping: asyncio.Event) -> None:
    await stopping.wait()
    server.should_exit = True
