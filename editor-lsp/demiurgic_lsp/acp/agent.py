"""The protocol's methods, as its library calls them: each does one thing and says what came of it."""

import asyncio
import importlib.metadata
from collections.abc import Coroutine, Sequence
from typing import Any

from acp import (
    PROTOCOL_VERSION,
    Client,
    InitializeResponse,
    LoadSessionResponse,
    NewSessionResponse,
    PromptResponse,
    SetSessionModeResponse,
)
from acp.helpers import update_available_commands
from acp.schema import (
    AgentCapabilities,
    AvailableCommand,
    AvailableCommandInput,
    ClientCapabilities,
    CloseSessionResponse,
    Implementation,
    ListSessionsResponse,
    PromptCapabilities,
    ResumeSessionResponse,
    SessionCapabilities,
    SessionCloseCapabilities,
    SessionListCapabilities,
    SessionResumeCapabilities,
    UnstructuredCommandInput,
)

from demiurgic.messages import Json
from demiurgic_lsp.acp.answers import OFFERED
from demiurgic_lsp.acp.conversation import Conversation
from demiurgic_lsp.acp.conversations import Conversations
from demiurgic_lsp.acp.editor import Abilities, abilities_of
from demiurgic_lsp.acp.errors import wrong_input
from demiurgic_lsp.acp.prompts import Block
from demiurgic_lsp.acp.servers import Server, settings_of
from demiurgic_lsp.acp.unsupported import Unsupported

_CAPABILITIES = AgentCapabilities(
    load_session=True,
    prompt_capabilities=PromptCapabilities(embedded_context=True),
    session_capabilities=SessionCapabilities(
        list=SessionListCapabilities(), resume=SessionResumeCapabilities(), close=SessionCloseCapabilities()
    ),
)


class EditorAgent(Unsupported):
    """Satisfies the library's `Agent`, for one editor."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations
        self._abilities = Abilities()
        self._client: Client | None = None
        self._offering: set[asyncio.Task[None]] = set()

    def on_connect(self, conn: Client) -> None:
        """The editor is there."""
        self._client = conn

    @property
    def client(self) -> Client:
        """The editor."""
        assert self._client is not None, "nobody is connected"
        return self._client

    async def initialize(
        self,
        protocol_version: int,
        client_capabilities: ClientCapabilities | None = None,
        client_info: Implementation | None = None,
        **_: Json,
    ) -> InitializeResponse:
        """Say who is here. There is one version of the protocol; an editor that wants another decides what to do."""
        self._abilities = abilities_of(client_capabilities)
        version = importlib.metadata.version("demiurgic")
        return InitializeResponse(
            protocol_version=PROTOCOL_VERSION,
            agent_capabilities=_CAPABILITIES,
            agent_info=Implementation(name="demiurgic", title="Demiurgic", version=version),
            auth_methods=[],
        )

    async def new_session(
        self,
        cwd: str,
        additional_directories: list[str] | None = None,
        mcp_servers: Sequence[Server] | None = None,
        **_: Json,
    ) -> NewSessionResponse:
        """Begin a conversation."""
        conversation = await self._begin(cwd, additional_directories, mcp_servers)
        self._soon(self._offer(conversation))
        return NewSessionResponse(session_id=conversation.id, modes=conversation.modes)

    async def load_session(
        self,
        cwd: str,
        session_id: str,
        mcp_servers: Sequence[Server] | None = None,
        additional_directories: list[str] | None = None,
        **_: Json,
    ) -> LoadSessionResponse:
        """Go on with a conversation, and tell all of it first."""
        conversation = await self._begin(cwd, additional_directories, mcp_servers, session_id)
        await conversation.show()
        self._soon(self._offer(conversation))
        return LoadSessionResponse(modes=conversation.modes)

    async def resume_session(
        self,
        session_id: str,
        cwd: str,
        additional_directories: list[str] | None = None,
        mcp_servers: Sequence[Server] | None = None,
        **_: Json,
    ) -> ResumeSessionResponse:
        """Go on with a conversation that the editor still shows."""
        conversation = await self._begin(cwd, additional_directories, mcp_servers, session_id)
        self._soon(self._offer(conversation))
        return ResumeSessionResponse(modes=conversation.modes)

    async def list_sessions(self, cwd: str | None = None, cursor: str | None = None, **_: Json) -> ListSessionsResponse:
        """All conversations at once: there are no pages."""
        return ListSessionsResponse(sessions=await self._conversations.listed(cwd))

    async def close_session(self, session_id: str, **_: Json) -> CloseSessionResponse:
        """End a conversation. It can be gone on with later."""
        await self._conversations.close(session_id)
        return CloseSessionResponse()

    async def prompt(self, session_id: str, prompt: Sequence[Block], **_: Json) -> PromptResponse:
        """Answer, and return when the turn is over."""
        return PromptResponse(stop_reason=await self._conversations.get(session_id).prompt(prompt))

    async def cancel(self, session_id: str, **_: Json) -> None:
        """End soon what goes on."""
        self._conversations.cancel(session_id)

    async def set_session_mode(self, session_id: str, mode_id: str, **_: Json) -> SetSessionModeResponse:
        """Change how much may be done unasked."""
        self._conversations.get(session_id).set_mode(mode_id)
        return SetSessionModeResponse()

    async def _begin(
        self, cwd: str, more: list[str] | None, servers: Sequence[Server] | None, session: str = ""
    ) -> Conversation:
        if more:
            raise wrong_input("a conversation has one folder", "open another conversation for another folder")
        wanted = self._conversations.wanted(cwd, settings_of(servers or ()), session)
        return await self._conversations.begin(self.client, self._abilities, wanted)

    async def _offer(self, conversation: Conversation) -> None:
        """Tell of the commands. Editors pass over what comes before they know the conversation."""
        commands = [
            AvailableCommand(
                name=command.name.removeprefix("/"),
                description=command.help,
                input=AvailableCommandInput(UnstructuredCommandInput(hint=command.takes)) if command.takes else None,
            )
            for command in OFFERED
        ]
        await self.client.session_update(conversation.id, update_available_commands(commands))

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        """When this request is answered: the library writes the answer before it lets anything else run."""
        task = asyncio.get_running_loop().create_task(work)
        self._offering.add(task)
        task.add_done_callback(self._offering.discard)
