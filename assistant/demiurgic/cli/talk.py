"""`demiurgic talk`: a talk with a character, line by line, as CharacterGLM was made for and any model can do."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.cli.telling import shown
from demiurgic.config import Settings
from demiurgic.errors import UserError

if TYPE_CHECKING:
    from demiurgic.chat.protocol import ChatModel, ReplyOptions
    from demiurgic.messages import Message
    from demiurgic.templates.characterglm import Persona

HELP = "talk with a character"
_FIELDS = ("bot_name", "bot_info", "user_name", "user_info")


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add("lines", nargs="*", metavar="TEXT", help="what you say, one after the other (default: lines as you type them)")
    add("--model", metavar="M", help="registry name, .gguf file, openai:NAME, ... (default: the usual model)")
    add("--character", type=Path, metavar="FILE.json", help=f"who speaks: {', '.join(_FIELDS)}")
    add("--name", metavar="NAME", help="the character's name")
    add("--about", metavar="TEXT", help="what is known of the character")
    add("--user-name", metavar="NAME", help="your name")
    add("--user-about", metavar="TEXT", help="what is known of you")
    add("--max-tokens", type=int, default=256, metavar="N", help="longest answer (default: 256)")
    add("--temperature", type=float, metavar="T", help="0 says always the same")
    add("--seed", type=int, metavar="N", help="another one says it otherwise")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Answer each line as the character would."""
    from demiurgic.chat.protocol import ReplyOptions
    from demiurgic.compose import open_chat
    from demiurgic.messages import Assistant, User

    persona = _persona(options)
    how = ReplyOptions(max_tokens=options.max_tokens, temperature=options.temperature, seed=options.seed, think=False)
    talk: list[Message] = []
    with closing(open_chat(settings, options.model)) as model:
        for said in _said(options.lines):
            talk.append(User(said))
            talk.append(Assistant(_answered(model, persona, talk, how)))
    return 0


def _answered(model: "ChatModel", persona: "Persona", talk: "list[Message]", how: "ReplyOptions") -> str:
    """Say it as it is written, behind the character's name."""
    from demiurgic.chat.characters import reply_as
    from demiurgic.events import ReplyEnded, TextDelta

    print(f"[{shown(persona.bot_name)}] ", end="", flush=True)
    text = ""
    for event in reply_as(persona, model, talk, how):
        if isinstance(event, TextDelta):
            print(shown(event.text), end="", flush=True)
        elif isinstance(event, ReplyEnded):
            text = event.message.text
    print()
    return text


def _said(given: list[str]) -> Iterator[str]:
    if given:
        yield from given
        return
    asking = sys.stdin.isatty()
    while True:
        if asking:
            print("> ", end="", flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()


def _persona(options: argparse.Namespace) -> "Persona":
    """Of the file, and of the flags before it. Raises UserError."""
    from demiurgic.templates.characterglm import Persona

    known = _read(options.character) if options.character else {}
    flags = (options.name, options.about, options.user_name, options.user_about)
    known |= {name: flag for name, flag in zip(_FIELDS, flags, strict=True) if flag is not None}
    if not known.get("bot_name", "").strip():
        raise UserError("nobody knows who speaks", "demiurgic talk --name NAME --about TEXT, or --character FILE.json")
    for name in ("bot_name", "user_name"):
        if any(letter in known.get(name, "") for letter in "[]\n"):
            raise UserError(f"{name} holds a bracket or a line break, which head the lines of a talk")
    return Persona(**{name: text for name, text in known.items() if text})


def _read(path: Path) -> dict[str, str]:
    from demiurgic.chat.lenient import json_object
    from demiurgic_models.reading import read_small

    try:
        held = json_object(json.loads(read_small(path, pipes=True)))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    held = json_object(held.get("session_meta")) or held
    known = {name: text for name in _FIELDS if isinstance(text := held.get(name), str)}
    if not known:
        raise UserError(f"{path} is no character", '{"bot_name": "...", "bot_info": "...", "user_name": "..."}')
    return known
