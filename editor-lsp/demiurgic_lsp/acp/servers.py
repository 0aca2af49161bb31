"""Servers of tools that an editor passes on from its user's settings."""

from collections.abc import Sequence
from typing import TypeAlias

from acp.schema import AcpMcpServer, HttpMcpServer, McpServerStdio, SseMcpServer

from demiurgic.config import ServerSetting
from demiurgic_lsp.acp.errors import wrong_input

Server: TypeAlias = HttpMcpServer | SseMcpServer | AcpMcpServer | McpServerStdio


def settings_of(servers: Sequence[Server]) -> tuple[ServerSetting, ...]:
    """As the user's own settings would name them. Raises RequestError for such as are no programs here."""
    return tuple(map(_setting, servers))


def _setting(server: Server) -> ServerSetting:
    if not isinstance(server, McpServerStdio):
        raise wrong_input(f"the MCP server {server.name} is no program", "only servers over standard streams are used")
    variables = tuple((variable.name, variable.value) for variable in server.env)
    return ServerSetting(server.name, server.command, tuple(server.args), variables)
