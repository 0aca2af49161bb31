"""Methods that the library asks for and that are not offered: whoever calls them all the same is told so."""

from collections.abc import Sequence
from typing import NoReturn

from acp import RequestError
from acp.schema import AuthenticateResponse

from demiurgic.messages import Json
from demiurgic_lsp.acp.servers import Server


class Unsupported:
    """What an agent need not be able to do."""

    async def authenticate(self, method_id: str, **_: Json) -> AuthenticateResponse:
        """Nobody has to say who they are."""
        return AuthenticateResponse()

    async def fork_session(
        self,
        session_id: str,
        cwd: str,
        additional_directories: list[str] | None = None,
        mcp_servers: Sequence[Server] | None = None,
        **_: Json,
    ) -> NoReturn:
        """The protocol has not settled what it means."""
        raise RequestError.method_not_found("session/fork")

    async def set_config_option(self, config_id: str, session_id: str, value: str | bool, **_: Json) -> NoReturn:
        """There are none: models are changed by /model."""
        raise RequestError.method_not_found("session/set_config_option")

    async def ext_method(self, method: str, params: dict[str, Json]) -> NoReturn:
        """None is known."""
        raise RequestError.method_not_found(f"_{method}")

    async def ext_notification(self, method: str, params: dict[str, Json]) -> None:
        """Whoever tells something expects no answer."""
