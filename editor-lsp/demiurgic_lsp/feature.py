"""What a part of the language server is, and how its handlers are told to the library that speaks the protocol."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeVar, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from demiurgic.errors import DemiurgicError, UserError
from demiurgic.messages import Json

Params = TypeVar("Params")
Handler = Callable[[LanguageServer, Params], Awaitable[Json]]

_log = logging.getLogger("demiurgic.lsp")


def table(told: Json) -> Mapping[str, Json]:
    """What an editor sent, as a table; an empty one if it is none."""
    return told if isinstance(told, dict) else {}  # pyright: ignore[reportUnknownVariableType] - any JSON


class Feature(Protocol):
    """One thing that editors can ask for."""

    def register(self, server: LanguageServer) -> None:
        """Say what it answers to. Called once, when an editor has come and said what it can do."""
        ...


class AnsweringProtocol(LanguageServerProtocol):
    """The library's protocol, but for two things: commands end when the editor cancels the request, and a request that
    makes no sense is answered, where the library only says so to the user."""

    def structure_message(self, data: dict[str, Json]) -> Json:
        """Read a message."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" in data and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Json:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Carry it out."""
        known = cast("Mapping[str, Callable[..., Awaitable[Json]]]", self.fm.commands)  # pyright: ignore[reportUnknownMemberType]
        if params.command not in known:
            raise JsonRpcInvalidParams(f"there is no command {params.command!r}")
        return await known[params.command](*(params.arguments or ()))


def answers(server: LanguageServer, method: str, handler: Handler[Json], options: Json = None) -> None:
    """Requests of this method are answered by a handler. Without options some capabilities are not announced."""

    async def answer(language: LanguageServer, params: Json) -> Json:
        return await _told(handler(language, params))

    server.feature(method, options)(answer)


def commands(server: LanguageServer, name: str, handler: Handler[Json]) -> None:
    """A command, with the one argument that it was given, or none."""

    async def carry_out(language: LanguageServer, *arguments: Json) -> Json:
        return await _told(handler(language, arguments[0] if arguments else None))

    server.command(name)(carry_out)


def hears(server: LanguageServer, method: str, handler: Callable[[LanguageServer, Json], None]) -> None:
    """Notifications of this method are told to a handler."""

    def hear(language: LanguageServer, params: Json) -> None:
        handler(language, params)

    server.feature(method)(hear)


async def _told(work: Awaitable[Json]) -> Json:
    """The work's result. What went wrong is told to the editor in one line; what never should, to the log as well."""
    try:
        return await work
    except JsonRpcException:
        raise
    except UserError as error:
        raise JsonRpcInvalidParams(str(error)) from error
    except DemiurgicError as error:
        raise JsonRpcInternalError(str(error)) from error
    except Exception as error:
        _log.exception("a request failed")
        raise JsonRpcInternalError(f"{type(error).__name__}: {error}") from error
