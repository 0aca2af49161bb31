"""Tools of other programs, by the Model Context Protocol over a process's streams.

Servers come from the user's own settings, never from a project's. They run outside the sandbox with the user's
rights; so each call of theirs is an effect of its own kind, which asks.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError, Future, wait
from concurrent.futures import TimeoutError as NotYet
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, TypeVar, cast

import anyio
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp_types import CallToolResult, TextContent
from mcp_types import Tool as ForeignTool

from demiurgic.errors import ToolFailed
from demiurgic.messages import JsonObject, Tool
from demiurgic.tools.protocol import Effect, EffectKind, Outcome, Surroundings, TextView
from demiurgic.tools.room import folded, shortened
from demiurgic.tools.textfile import lines_of
from demiurgic.workspace.shown import visible_name

_START = 30.0
_CALL = 300.0
_NAME = 64
_DESCRIPTION = 1000
_MOST_TOOLS = 200
_FAILURES = (MCPError, OSError, anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class McpServer:
    """How a server is started."""

    name: str
    command: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class McpPlan:
    """A call of a server's tool."""

    tool: "McpTool"
    arguments: JsonObject

    @property
    def effects(self) -> tuple[Effect, ...]:
        return (Effect(EffectKind.EXTERNAL, self.tool.target),)

    @property
    def view(self) -> TextView:
        lines = (f"{name}: {value}" for name, value in self.arguments.items())
        return TextView(self.tool.target, "\n".join(lines))

    def run(self, around: Surroundings) -> Outcome:
        result = self.tool.call(self.arguments, around.cancel)
        lines = [shortened(line) for line in lines_of(_text(result))]
        return Outcome("\n".join(folded(lines, around.budget)) or "[no output]", failed=bool(result.is_error))


class McpTool:
    """One tool of a server."""

    def __init__(self, connection: "_Connection", foreign: ForeignTool) -> None:
        self._connection, self._name = connection, foreign.name
        name = re.sub(r"[^A-Za-z0-9_-]", "_", f"{connection.server.name}_{foreign.name}")[:_NAME]
        self.spec = Tool(name, (foreign.description or "")[:_DESCRIPTION], foreign.input_schema)

    @property
    def target(self) -> str:
        """What permissions judge."""
        return f"{self._connection.server.name}.{self._name}"

    def plan(self, arguments: JsonObject, around: Surroundings) -> McpPlan:
        return McpPlan(self, arguments)

    def call(self, arguments: JsonObject, cancel: threading.Event) -> CallToolResult:
        """Ask the server. Raises ToolFailed where it does not answer."""
        return self._connection.call(self._name, arguments, cancel)


class McpServers:
    """The user's servers, running. Those that could not be started are in `problems`, and nothing else suffers."""

    def __init__(self, servers: Sequence[McpServer], folder: Path, log: Path) -> None:
        """What the servers write to stderr goes to the file `log`, with what the library says of them."""
        self._stack = ExitStack()
        errors = self._stack.enter_context(log.open("a", encoding="utf-8", errors="replace"))
        self._complaints = logging.StreamHandler(errors)
        logging.getLogger("mcp").addHandler(self._complaints)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mcp", daemon=True)
        self._thread.start()
        self._connections = [_Connection(server, folder, errors, self._loop) for server in servers]
        self.tools: tuple[McpTool, ...] = ()
        self.problems: tuple[str, ...] = ()
        for connection in self._connections:
            self._take_tools_of(connection)

    def close(self) -> None:
        """End all servers."""
        for connection in self._connections:
            connection.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        logging.getLogger("mcp").removeHandler(self._complaints)
        self._stack.close()

    def _take_tools_of(self, connection: "_Connection") -> None:
        try:
            foreign = connection.tools()
        except ToolFailed as error:
            self.problems += (str(error),)
            return
        for one in foreign[:_MOST_TOOLS]:
            tool = McpTool(connection, one)
            if any(other.spec.name == tool.spec.name for other in self.tools):
                self.problems += (f"two tools of servers are called {tool.spec.name}; the second is left out",)
            else:
                self.tools += (tool,)


class _Connection:
    """One server. All of its life happens in one task of the loop, as its library wants it."""

    def __init__(self, server: McpServer, folder: Path, log: TextIO, loop: asyncio.AbstractEventLoop) -> None:
        self.server = server
        self._loop, self._log, self._folder = loop, log, folder
        self._ready: Future[tuple[Client, list[ForeignTool]]] = Future()
        self._over = asyncio.Event()
        self._life = self._submit(self._live())
        self._life.add_done_callback(lambda _: self._ready.cancel())

    def tools(self) -> list[ForeignTool]:
        """Wait until it has started, and ask what it offers."""
        return self._waited()[1]

    def call(self, name: str, arguments: JsonObject, cancel: threading.Event) -> CallToolResult:
        client, _ = self._waited()
        if self._life.done():
            raise ToolFailed(f"the MCP server {self.server.name} has ended")
        reply = self._submit(client.call_tool(name, dict(arguments), read_timeout_seconds=_CALL))
        while not cancel.is_set():
            try:
                return reply.result(timeout=0.1)
            except NotYet:
                if reply.done():
                    raise ToolFailed(f"the MCP server {self.server.name} does not answer") from None
            except _FAILURES as error:
                raise ToolFailed(
                    f"the MCP server {self.server.name} failed: {error or type(error).__name__}"
                ) from error
        reply.cancel()
        raise ToolFailed("stopped by the user")

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        if wait([self._life], timeout=_START).not_done:
            self._life.cancel()

    def _waited(self) -> tuple[Client, list[ForeignTool]]:
        try:
            return self._ready.result(timeout=_START)
        except NotYet:
            raise ToolFailed(f"the MCP server {self.server.name} did not start in {_START:.0f} seconds") from None
        except CancelledError:
            reason = _innermost(self._life.exception())
            raise ToolFailed(f"the MCP server {self.server.name} could not be started: {reason}") from None

    def _submit(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _live(self) -> None:
        server = StdioServerParameters(
            command=self.server.command,
            args=list(self.server.arguments),
            env=dict(self.server.environment),
            cwd=self._folder,
        )
        async with Client(stdio_client(server, errlog=self._log), read_timeout_seconds=_START) as client:
            self._ready.set_result((client, await _all_tools(client)))
            await self._over.wait()


def _innermost(error: BaseException | None) -> BaseException | None:
    """The library runs tasks in groups, and wraps what goes wrong in them."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return error


async def _all_tools(client: Client) -> list[ForeignTool]:
    page = await client.list_tools()
    tools = list(page.tools)
    while page.next_cursor and len(tools) < _MOST_TOOLS:
        page = await client.list_tools(cursor=page.next_cursor)
        tools += page.tools
    return tools


def _text(result: CallToolResult) -> str:
    parts = [
        block.text if isinstance(block, TextContent) else f"[{visible_name(block.type)} left out]"
        for block in result.content
    ]
    return "\n".join(parts)
