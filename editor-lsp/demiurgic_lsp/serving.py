"""One language server from its settings to its end. The only place that picks classes."""

import importlib.metadata
import logging
import sys
from dataclasses import replace

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from demiurgic.compose.chat import open_chat
from demiurgic.config import Settings
from demiurgic_lsp.feature import Feature
from demiurgic_lsp.inline import InlineCompletion
from demiurgic_lsp.models import Models

CONTEXT = 8192
"""Tokens of the places that the model has. A hole with what is around it takes some two thousand."""


def build(models: Models) -> LanguageServer:
    """A server that has not begun."""
    server = LanguageServer("demiurgic", importlib.metadata.version("demiurgic"))
    features: list[Feature] = [InlineCompletion(models)]
    for feature in features:
        feature.register(server)

    @server.feature(types.SHUTDOWN)
    async def end(*_: object) -> None:  # pyright: ignore[reportUnusedFunction] - the server calls it
        await models.close()

    return server


def run_server(settings: Settings, port: int | None) -> int:
    """Talk to an editor over the standard streams, or to one that comes to a port of this machine, until it leaves."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    settings = replace(settings, context=settings.context or CONTEXT)
    server = build(Models(lambda: open_chat(settings)))
    if port is None:
        server.start_io()
    else:
        server.start_tcp("127.0.0.1", port)
    return 0
