"""What the server asks the editor's user."""

import asyncio
import re
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from demiurgic.messages import Json
from demiurgic_lsp.asking.wants import Want
from demiurgic_lsp.client import Client

Answer = TypeVar("Answer")

ASK = "demiurgic/ask"
_COMMENT = re.compile(r"\s*(?:#+|//+|--+|;+|/\*+|<!--|\"\"\")\s*(.*?)\s*(?:\*/|-->|\"\"\")?\s*$")


async def asked_for(answer: Awaitable[Answer]) -> Answer:
    """The editor's answer. Whoever stops to wait for it must not take it away from the library, which would stumble."""
    return await asyncio.shield(asyncio.ensure_future(answer))


async def chosen(language: LanguageServer, question: str, offered: Sequence[str]) -> str | None:
    """Which of these the user has chosen; None where they chose none."""
    actions = [types.MessageActionItem(title) for title in offered]
    params = types.ShowMessageRequestParams(types.MessageType.Info, question, actions)
    answer = await asked_for(language.window_show_message_request_async(params))
    return answer.title if answer else None


async def instruction(language: LanguageServer, client: Client, want: Want) -> str:
    """What the user wants to be done: asked for where the editor can ask, else the comment with which the passage
    begins. Empty where there is none."""
    if client.answers_questions:
        said: Json = await asked_for(language.protocol.send_request_async(ASK, {"question": "What shall be changed?"}))
        return said.strip() if isinstance(said, str) else ""
    lines = want.passage.text.split("\n")
    comments = [found[1] for line in lines if (found := _COMMENT.match(line))]
    words = " ".join(comments[: _leading(lines)])
    if not words:
        hint = "Begin the selection with a comment that says what shall be changed."
        language.window_show_message(types.ShowMessageParams(types.MessageType.Info, hint))
    return words


def _leading(lines: Sequence[str]) -> int:
    """How many lines at the beginning are comments."""
    return next((at for at, line in enumerate(lines) if not _COMMENT.match(line)), len(lines))
