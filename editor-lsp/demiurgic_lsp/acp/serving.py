"""One agent from the editor's start of it to the editor's end. The only place that picks classes."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from acp import run_agent

from demiurgic.compose.chat import open_chat
from demiurgic.config import Settings
from demiurgic.errors import UserError
from demiurgic_lsp.acp.agent import EditorAgent
from demiurgic_lsp.acp.conversations import Conversations, Means
from demiurgic_lsp.acp.lines import lines_over
from demiurgic_lsp.acp.models import Models


def run_agent_for_editor(settings_in: Callable[[Path], Settings], state_dir: Path) -> int:
    """Talk to an editor over the standard streams until it leaves. `settings_in` are those that hold in a folder."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    conversations = Conversations(Means(settings_in, state_dir, Models(open_chat).open))
    with _protocol_only() as outgoing:
        asyncio.run(_serve(conversations, outgoing))
    return 0


async def _serve(conversations: Conversations, outgoing: BinaryIO) -> None:
    try:
        lines = await lines_over(sys.stdin.buffer, outgoing)
    except ValueError as error:
        raise UserError("the standard streams are files", "let an editor start this, or another program") from error
    # The library holds some methods for unstable that the protocol has settled since.
    serving = asyncio.ensure_future(run_agent(EditorAgent(conversations), lines, use_unstable_protocol=True))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
    try:
        await asyncio.wait([serving])
    finally:
        await conversations.leave()
    if not serving.cancelled():
        serving.result()


@contextmanager
def _protocol_only() -> Generator[BinaryIO]:
    """What was standard output, for the protocol alone: whatever else is written there goes to standard error."""
    with os.fdopen(os.dup(1), "wb") as outgoing:
        os.dup2(2, 1)
        yield outgoing
