"""The protocol's lines on two streams: one JSON object each, whatever a client writes between them.

A line that holds no message is answered as JSON-RPC says, and the next one is read: who errs once is not left alone.
"""

import asyncio
import json
import selectors
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, BinaryIO, Final, cast

from demiurgic.messages import Json

LONGEST: Final = 64 << 20
"""Bytes of a line. Files that a user adds to a prompt come within one."""
_FAREWELL = 1.0
"""Seconds that a client has for what was written last."""
_PARSE_ERROR, _INVALID_REQUEST = -32700, -32600


class Lines:
    """Satisfies the library's `Transport`. Writes a message at once where it is sent, so messages keep their order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, message: Mapping[str, Any]) -> None:
        """Write a message, and wait until the client takes it in."""
        self._writer.write(json.dumps(message, separators=(",", ":"), default=str).encode() + b"\n")
        await self._writer.drain()

    async def receive(self) -> dict[str, Any] | None:
        """The next message; None when the client has left."""
        await asyncio.sleep(0)  # what was asked before is begun before anything else is read
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
            except asyncio.IncompleteReadError:
                return None
            except asyncio.LimitOverrunError:
                await self._pass_over()
                await self._refuse(_INVALID_REQUEST, f"a line has more than {LONGEST >> 20} MB")
                continue
            if not line.strip():
                continue
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                await self._refuse(_PARSE_ERROR, "a line is no JSON")
                continue
            if _is_message(message):
                return message
            await self._refuse(_INVALID_REQUEST, "a line is neither a request, a notification nor an answer")

    async def close(self) -> None:
        """Write what waits, if the client takes it in, and no more."""
        self._writer.close()
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_FAREWELL):
                await self._writer.wait_closed()

    async def _pass_over(self) -> None:
        """The rest of a line that is too long."""
        while True:
            try:
                await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                await self._reader.readexactly(error.consumed)
            except asyncio.IncompleteReadError:
                return
            else:
                return

    async def _refuse(self, code: int, why: str) -> None:
        await self.send({"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": why}})


async def lines_over(incoming: BinaryIO, outgoing: BinaryIO) -> Lines:
    """Over pipes, sockets or a terminal. Raises ValueError where the files are others."""
    _check_waitable(incoming)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LONGEST)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), incoming)
    # The writer's protocol is a reader's as well, because the library has no other that waits for a slow client.
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), outgoing
    )
    return Lines(reader, asyncio.StreamWriter(transport, protocol, None, loop))


def _check_waitable(incoming: BinaryIO) -> None:
    """A device such as /dev/null passes for a pipe, and would fail where nobody is told."""
    with selectors.DefaultSelector() as selector:
        try:
            selector.register(incoming, selectors.EVENT_READ)
        except PermissionError as error:
            raise ValueError(f"{incoming.name} cannot be waited for") from error


def _is_message(value: Json) -> bool:
    if not isinstance(value, dict):
        return False
    message = cast("dict[str, Json]", value)
    if "method" in message:
        return isinstance(message["method"], str)
    return isinstance(message.get("id"), int) and isinstance(message.get("error", {}), dict)
