"""`demiurgic -p PROMPT`: one question, one answer, no terminal needed."""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from demiurgic.chat.protocol import ReplyOptions
from demiurgic.config import Settings
from demiurgic.errors import UserError
from demiurgic.events import ChatEvent, Finish, ReplyEnded, TextDelta
from demiurgic.messages import User
from demiurgic.workspace.shown import visible

STREAM_VERSION = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of a single question; `--model` and its like hold for conversations too."""
    parser.add_argument("-p", "--print", metavar="PROMPT", help="answer this and exit; piped input is added to it")
    parser.add_argument(
        "--model", metavar="M", help="registry name, .gguf file, openai:NAME, anthropic:NAME or URL#NAME"
    )
    parser.add_argument("--context", type=int, metavar="N", help="tokens that a conversation may hold")
    parser.add_argument("--threads", type=int, metavar="N", help="threads that evaluate")
    parser.add_argument("--temperature", type=float, metavar="T", help="0 always takes the likeliest word")
    parser.add_argument("--max-tokens", type=int, metavar="N", help="longest answer")
    parser.add_argument("--seed", type=int, metavar="N", help="makes sampling repeatable")
    parser.add_argument("--output-format", choices=("text", "json", "stream-json"), default="text")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Answer, in the format asked for."""
    prompt = _with_piped_input(options.print)
    from demiurgic.compose import open_chat

    chat = open_chat(settings)
    try:
        wishes = ReplyOptions(max_tokens=options.max_tokens, temperature=settings.temperature, seed=options.seed)
        reply = chat.reply([User(prompt)], options=wishes)
        ended = _write(reply, options.output_format)
    finally:
        chat.close()
    return 0 if ended.finish in (Finish.STOP, Finish.LENGTH) else 1


def _with_piped_input(prompt: str) -> str:
    piped = "" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.read()
    whole = "\n\n".join(part for part in (prompt, piped.strip("\n")) if part.strip())
    if not whole:
        raise UserError("there is nothing to answer", "demiurgic -p 'your question'")
    return whole


def _write(reply: Iterable[ChatEvent], layout: str) -> ReplyEnded:
    # A terminal must not obey what a model writes; a file or a program gets it as it is.
    shown = visible if sys.stdout.isatty() else str
    ended: ReplyEnded | None = None
    for event in reply:
        if layout == "stream-json":
            print(json.dumps(event_json(event), ensure_ascii=False), flush=True)
        elif layout == "text" and isinstance(event, TextDelta):
            print(shown(event.text), end="", flush=True)
        if isinstance(event, ReplyEnded):
            ended = event
    assert ended is not None
    if layout == "json":
        print(json.dumps(event_json(ended), ensure_ascii=False))
    elif layout == "text" and not ended.message.text.endswith("\n"):
        print()
    return ended


def event_json(event: ChatEvent) -> dict[str, Any]:
    """An event as one JSON object: its type, the version of the format, and its fields."""
    return {"type": type(event).__name__, "version": STREAM_VERSION, **asdict(event)}
