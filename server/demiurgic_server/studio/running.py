"""One studio from its settings to its end: the server's own house, with a shelf of models and the page's endpoints."""

import asyncio
import logging
import sys
import webbrowser
from dataclasses import replace
from pathlib import Path

from demiurgic.chat.protocol import ChatModel
from demiurgic.compose.chat import open_chat, registry
from demiurgic.config import Settings, load_settings
from demiurgic_models.store import Store
from demiurgic_server.agent.runs import Means, Runs
from demiurgic_server.app import build_app
from demiurgic_server.gate import Gate
from demiurgic_server.house import House
from demiurgic_server.listening import Server, bound, serve
from demiurgic_server.meter import Meter
from demiurgic_server.serving import Limits, Serving
from demiurgic_server.studio import endpoints, train_endpoints
from demiurgic_server.studio.door import Doorkeeper, token_in
from demiurgic_server.studio.forms import check_model
from demiurgic_server.studio.grounds import Grounds
from demiurgic_server.studio.jobs import JobHouse
from demiurgic_server.studio.shelf import Shelf
from demiurgic_server.studio.studio import Studio, StudioHouse

_CONTEXT = 8192
_TOGETHER = 2
"""Replies that one model writes at once: the page's, and an agent's."""


def run_studio(settings: Settings, port: int, hosts: tuple[str, ...], *, browser: bool) -> int:
    """Serve the page for the current folder."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    own = settings.state_dir / "studio"
    own.mkdir(parents=True, exist_ok=True)
    folder = Path.cwd().resolve()
    token = token_in(own)
    serving = Serving(port=port, keys=(token,), hosts=hosts, roots=(folder,), limits=Limits(parallel=2 * _TOGETHER))
    studio = open_studio(settings, folder, token)
    house = _house(serving, studio)
    return asyncio.run(_serve(house, token, browser=browser))


def open_studio(settings: Settings, folder: Path, token: str) -> Studio:
    """A studio for a folder. Nothing runs and nothing is loaded yet."""
    models = settings.models_dir.resolve()
    grounds = Grounds(folder, (models,), (settings.state_dir.resolve(),))
    # Two answers at once share a model's memory, so each may hold less than one alone.
    wishes = replace(settings, parallel=_TOGETHER, context=settings.context or _CONTEXT)

    def open_model(name: str) -> ChatModel:
        return open_chat(wishes, name, separate=True)

    shelf = Shelf(lambda: _offered(settings, grounds), lambda name: check_model(name, grounds), open_model)
    held = (settings.openai_key, settings.anthropic_key, settings.server_key, settings.hub_token, settings.serve_keys)
    secrets = tuple(key for key in (token, *held, *(key for _, key in settings.host_keys)) if key)
    return Studio(grounds, JobHouse(settings.state_dir / "studio" / "jobs"), shelf, secrets)


def _offered(settings: Settings, grounds: Grounds) -> list[str]:
    """Models of the registry that are here, and model files of the folder."""
    store = Store(settings.models_dir)
    known = [name for name, entry in registry(settings).items() if store.has(entry)]
    return [*known, *map(grounds.shown, grounds.files(".gguf"))]


def _house(serving: Serving, studio: Studio) -> House:
    meter, gate = Meter(), Gate(serving.limits.parallel, serving.limits.queue)
    stopping = asyncio.Event()
    runs = Runs(serving, Means(studio.shelf, gate, meter, stopping, _settings_for))
    return StudioHouse(serving, studio.shelf, gate, meter, runs, stopping, studio=studio)


def _settings_for(folder: Path, approve: str) -> Settings:
    return load_settings(folder, {"approve": approve})


async def _serve(house: House, token: str, *, browser: bool) -> int:
    listening = bound(house)
    port = listening.getsockname()[1]
    app = build_app(house, (endpoints.router, train_endpoints.router))
    server = Server(Doorkeeper(app, token, port), house)
    address = f"http://127.0.0.1:{port}/?token={token}"
    print(f"the studio is at {address}\nCtrl-C ends it; jobs that run go on", file=sys.stderr, flush=True)  # noqa: T201
    if browser:
        await asyncio.to_thread(webbrowser.open, address)
    await serve(server, house, listening)
    return 0
