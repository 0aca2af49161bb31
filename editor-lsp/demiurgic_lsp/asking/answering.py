"""A model's answer in words, followed while it is written."""

import asyncio
from collections.abc import Callable, Sequence

from demiurgic.chat.protocol import ChatModel, Reply, ReplyOptions
from demiurgic.events import PromptProgress, ReplyEnded, TextDelta
from demiurgic.fences import fenced
from demiurgic.messages import Message
from demiurgic.threads import begun

_LONGEST = 2048
"""Tokens of an answer at most."""

Told = Callable[[str], None]


async def answer(model: ChatModel, asked: Sequence[Message], told: Told, draft: str = "") -> str:
    """All that the model says. `told` hears how far it is. A cancelled one ends at once, in the model, too.

    `draft` is text that the answer will repeat in long runs; it changes speed only.
    """
    options = ReplyOptions(max_tokens=_LONGEST, temperature=0.0, think=False, draft=draft)
    reply = await begun(lambda: model.reply(asked, (), options), lambda reply: reply.cancel())
    loop = asyncio.get_running_loop()
    try:
        return await asyncio.to_thread(_followed, reply, lambda text: loop.call_soon_threadsafe(told, text))
    except asyncio.CancelledError:
        reply.cancel()
        raise


def _followed(reply: Reply, told: Callable[[str], object]) -> str:
    lines = 0
    written = ""
    for event in reply:
        match event:
            case PromptProgress(done, total):
                told(f"reading {done} of {total}")
            case TextDelta(text):
                written += text
                if written.count("\n") > lines:
                    lines = written.count("\n")
                    told(f"{lines} lines written")
            case ReplyEnded(message):
                return message.text
            case _:
                pass
    return written


def code_in(said: str) -> str | None:
    """The first code block of an answer; None where there is none. One that was cut off counts as far as it goes."""
    blocks = fenced(said).blocks
    return blocks[0].code if blocks else None
