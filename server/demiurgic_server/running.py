"""One server from its settings to its end. The only place that picks classes."""

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from demiurgic.chat.protocol import ChatModel
from demiurgic.compose.chat import default_model, local_file, open_chat
from demiurgic.config import Settings, load_settings
from demiurgic.errors import UserError
from demiurgic_server.agent.runs import Means, Runs
from demiurgic_server.app import build_app
from demiurgic_server.gate import Gate
from demiurgic_server.house import House
from demiurgic_server.listening import Server, bound, serve
from demiurgic_server.meter import Meter
from demiurgic_server.pool import Pool
from demiurgic_server.serving import Serving


def run_server(serving: Serving, settings: Settings, models: Sequence[str]) -> int:
    """Serve these models, the first of them by default. Ends by a signal, with what has begun brought to its end."""
    _log_to_stderr()
    named = _named(settings, models or (settings.model or default_model(settings),))
    if clash := {lora.name for lora in serving.loras} & named.keys():
        raise UserError(f"a model and an adapter are both called {clash.pop()!r}")
    return asyncio.run(_serve(serving, settings, named))


def _named(settings: Settings, models: Sequence[str]) -> dict[str, str]:
    """What to open, by the names that clients use: they do not hear where files or other servers are. What is not there
    is told now, and not to the first client who asks for it."""
    named: dict[str, str] = {}
    for wanted in models:
        file = local_file(settings, wanted)
        name = file.stem if file is not None and wanted.endswith(file.name) else wanted.rpartition("#")[2]
        if named.setdefault(name, wanted) != wanted:
            raise UserError(f"{named[name]} and {wanted} have the same name, so no client could choose between them")
    return named


async def _serve(serving: Serving, settings: Settings, models: Mapping[str, str]) -> int:
    house = open_house(serving, settings, models)
    server = Server(build_app(house), house)
    listening = bound(house)
    address, port = listening.getsockname()[:2]
    scheme = "https" if serving.certificate else "http"
    shown = f"[{address}]" if ":" in address else address
    print(f"listening at {scheme}://{shown}:{port}/v1 for {', '.join(models)}", file=sys.stderr, flush=True)  # noqa: T201
    await serve(server, house, listening)
    return 0


def open_house(serving: Serving, settings: Settings, models: Mapping[str, str]) -> House:
    """A server that has not loaded anything yet. `models` are what to open, by the names that clients use."""

    def load(name: str) -> ChatModel:
        return open_chat(settings, models[name], separate=True)

    meter, gate = Meter(), Gate(serving.limits.parallel, serving.limits.queue)
    pool = Pool(tuple(models), load, serving.loras)
    meter.gauge("running", "Places taken by requests", lambda: gate.taken)
    stopping = asyncio.Event()
    runs = Runs(serving, Means(pool, gate, meter, stopping, _settings_for))
    meter.gauge("waiting", "Requests in the line", lambda: gate.waiting + pool.waiting)
    meter.gauge("agents", "Agents at work", lambda: runs.working)
    return House(serving, pool, gate, meter, runs, stopping)


def _settings_for(folder: Path, approve: str) -> Settings:
    return load_settings(folder, {"approve": approve})


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("demiurgic.access").setLevel(logging.INFO)
