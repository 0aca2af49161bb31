"""One server from its settings to its end. The only place that picks classes."""

import asyncio
import logging
import sys
from collections.abc import Sequence

from demiurgic.chat.protocol import ChatModel
from demiurgic.compose.chat import default_model, local_file, open_chat
from demiurgic.config import Settings
from demiurgic_server.app import build_app
from demiurgic_server.gate import Gate
from demiurgic_server.house import House
from demiurgic_server.listening import bound, serve
from demiurgic_server.meter import Meter
from demiurgic_server.pool import Pool
from demiurgic_server.serving import Serving


def run_server(serving: Serving, settings: Settings, models: Sequence[str]) -> int:
    """Serve these models, the first of them by default. Ends by a signal, with what has begun brought to its end."""
    _log_to_stderr()
    names = models or (default_model(settings),)
    for name in names:
        local_file(settings, name)  # what is not there is told now, and not to the first client who asks for it
    return asyncio.run(_serve(serving, settings, names))


async def _serve(serving: Serving, settings: Settings, names: Sequence[str]) -> int:
    house = open_house(serving, settings, names)
    listening = bound(house)
    address, port = listening.getsockname()[:2]
    scheme = "https" if serving.certificate else "http"
    shown = f"[{address}]" if ":" in address else address
    print(f"serving {', '.join(names)} at {scheme}://{shown}:{port}/v1", file=sys.stderr, flush=True)  # noqa: T201
    await serve(build_app(house), house, listening)
    return 0


def open_house(serving: Serving, settings: Settings, names: Sequence[str]) -> House:
    """A server that has not loaded anything yet."""

    def load(name: str) -> ChatModel:
        return open_chat(settings, name, separate=True)

    meter, gate = Meter(), Gate(serving.limits.parallel, serving.limits.queue)
    pool = Pool(names, load, serving.loras)
    meter.gauge("running", "Requests that have a place", lambda: gate.taken)
    meter.gauge("waiting", "Requests in the line", lambda: gate.waiting)
    return House(serving, pool, gate, meter)


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("demiurgic.access").setLevel(logging.INFO)
