"""One language server from its settings to its end. The only place that picks classes."""

import importlib.metadata
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from demiurgic.chat.protocol import ChatModel
from demiurgic.compose.chat import open_chat
from demiurgic.config import Settings, load_settings
from demiurgic_lsp.actions import CodeActions
from demiurgic_lsp.agent_task import AgentTask
from demiurgic_lsp.asker import Asker
from demiurgic_lsp.client import Client, client_of
from demiurgic_lsp.completion.nearby import Neighbourhood
from demiurgic_lsp.configuration import Configuration
from demiurgic_lsp.discretion import Discretion
from demiurgic_lsp.explanations import Explanations
from demiurgic_lsp.feature import AnsweringProtocol, Feature, answers, hears
from demiurgic_lsp.ghosts import Ghosts
from demiurgic_lsp.hover import Hover
from demiurgic_lsp.inline import InlineCompletion
from demiurgic_lsp.journal import Journal
from demiurgic_lsp.listing import CompletionList
from demiurgic_lsp.models import Models
from demiurgic_lsp.openfiles import OpenFiles
from demiurgic_lsp.places import path_of
from demiurgic_lsp.status import Status
from demiurgic_lsp.verdicts import Verdicts
from demiurgic_lsp.wishes import Wishes
from demiurgic_lsp.wishing import Wishing

CONTEXT = 12288
"""Tokens of the places that the model has. Ghost text takes some three thousand, beside all that is asked."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a server is made of before an editor comes."""

    models: Models
    settings: Settings


def build(means: Means) -> LanguageServer:
    """A server that has not begun. What it offers is settled when an editor has said what it can do."""
    version = importlib.metadata.version("demiurgic")
    server = LanguageServer("demiurgic", version, protocol_cls=AnsweringProtocol)

    def meet(language: LanguageServer, params: types.InitializeParams) -> None:
        client = client_of(params)
        configuration = Configuration(client, means.models)
        for line in configuration.begin(params.initialization_options):
            language.window_show_message(types.ShowMessageParams(types.MessageType.Warning, line))
        for feature in _features(language, client, configuration, means):
            feature.register(server)

    hears(server, types.INITIALIZE, meet)
    return server


def _features(
    language: LanguageServer, client: Client, configuration: Configuration, means: Means
) -> Sequence[Feature]:
    models, state = means.models, means.settings.state_dir
    discretion, nearby = Discretion(lambda: _roots(language)), Neighbourhood()
    journal, explanations = Journal(state / "ghost"), Explanations(state / "explanations", client)
    asker = Asker(models, discretion, client)

    def wishes() -> Wishes:
        return configuration.wishes

    ghosts = Ghosts(models, wishes, discretion, journal, nearby)
    listing = () if client.ghost_text else (CompletionList(ghosts),)
    return (
        configuration,
        InlineCompletion(ghosts),
        *listing,
        Verdicts(journal, wishes),
        OpenFiles(nearby, discretion),
        CodeActions(asker),
        Wishing(asker, explanations),
        Hover(asker, explanations, wishes),
        AgentTask(asker, load_settings),
        Status(models, journal, client),
        Ending(ghosts, models),
    )


@dataclass(frozen=True, slots=True)
class Ending:
    """`shutdown`: the model is freed."""

    ghosts: Ghosts
    models: Models

    def register(self, server: LanguageServer) -> None:
        """One request."""
        answers(server, types.SHUTDOWN, self._end)

    async def _end(self, *_: object) -> None:
        self.ghosts.drop()
        await self.models.close()


def run_server(settings: Settings, port: int | None) -> int:
    """Talk to an editor over the standard streams, or to one that comes to a port of this machine, until it leaves."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("pygls").setLevel(logging.CRITICAL)  # what goes wrong is told to the editor, and by our own log
    settings = replace(settings, context=settings.context or CONTEXT)

    def open_model(name: str) -> ChatModel:
        return open_chat(settings, name or None)

    server = build(Means(Models(open_model), settings))
    if port is None:
        server.start_io()
    else:
        server.start_tcp("127.0.0.1", port)
    return 0


def _roots(language: LanguageServer) -> list[Path]:
    """The folders that are open now."""
    workspace = language.workspace
    folders = [Path(path_of(folder.uri)) for folder in workspace.folders.values()]
    return folders or ([Path(workspace.root_path)] if workspace.root_path else [])
