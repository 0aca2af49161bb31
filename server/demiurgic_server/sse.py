"""Server-sent events as bytes."""

import json
import logging
from collections.abc import AsyncGenerator

from demiurgic.messages import Json
from demiurgic_server.problems import problem_of
from demiurgic_server.shapes import ANTHROPIC, error_body

_log = logging.getLogger("demiurgic.server")

PULSE = b": still here\n\n"
"""A comment: every client passes over it."""
DONE = b"data: [DONE]\n\n"


def data(value: Json, event: str = "") -> bytes:
    """One event."""
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n\n".encode("utf-8", "replace")


async def told(frames: AsyncGenerator[bytes], path: str, *last: bytes) -> AsyncGenerator[bytes]:
    """The frames; if they fail, the error as an event in the shape of the API, and then `last`."""
    try:
        async for frame in frames:
            yield frame
    except Exception as error:  # noqa: BLE001 - the status was sent: this is the handler's last chance to tell
        problem = problem_of(error)
        if problem.status == 500:
            _log.error("a stream of %s failed", path, exc_info=error)
        yield data(error_body(path, problem), "error" if path.startswith(ANTHROPIC) else "")
        for frame in last:
            yield frame
