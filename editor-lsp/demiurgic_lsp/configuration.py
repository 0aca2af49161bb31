"""The editor's settings under `demiurgic`, now and whenever they change."""

import asyncio
from dataclasses import dataclass, field

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from demiurgic.messages import Json
from demiurgic_lsp.client import Client
from demiurgic_lsp.feature import hears, table
from demiurgic_lsp.models import Models
from demiurgic_lsp.wishes import Wishes, wishes_of

_SECTION = "demiurgic"


@dataclass(slots=True)
class Configuration:
    """What holds now: what the editor was started with, and over it what its settings say."""

    client: Client
    models: Models
    wishes: Wishes = field(default_factory=Wishes)
    _first: Wishes = field(default_factory=Wishes)
    _asking: "asyncio.Task[None] | None" = None

    def begin(self, options: Json) -> tuple[str, ...]:
        """Take in the options that the editor came with. Returns what is wrong with them."""
        self._first, wrong = wishes_of(options)
        self.wishes = self._first
        self.models.wished = self.wishes.model
        return wrong

    def register(self, server: LanguageServer) -> None:
        """Ask for the settings as soon as that is allowed, and hear of changes."""
        hears(server, types.INITIALIZED, self._begun)
        hears(server, types.WORKSPACE_DID_CHANGE_CONFIGURATION, self._changed)

    def _begun(self, language: LanguageServer, _: types.InitializedParams) -> None:
        if self.client.registers_configuration:
            method, options = types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"section": _SECTION}
            changes = types.Registration("demiurgic-settings", method, options)
            language.client_register_capability(types.RegistrationParams([changes]))
        if self.client.has_configuration:
            self._asking = asyncio.ensure_future(self._ask(language))

    def _changed(self, language: LanguageServer, params: types.DidChangeConfigurationParams) -> None:
        if self.client.has_configuration:
            self._asking = asyncio.ensure_future(self._ask(language))
        else:
            self._asking = asyncio.ensure_future(self._take(language, table(params.settings).get(_SECTION)))

    async def _ask(self, language: LanguageServer) -> None:
        items = [types.ConfigurationItem(section=_SECTION)]
        said = await language.workspace_configuration_async(types.ConfigurationParams(items))
        await self._take(language, said[0] if said else None)

    async def _take(self, language: LanguageServer, said: Json) -> None:
        self.wishes, wrong = wishes_of(said, self._first)
        for line in wrong:
            language.window_show_message(types.ShowMessageParams(types.MessageType.Warning, line))
        await self.models.use(self.wishes.model)
