"""`demiurgic -p PROMPT`: one task, no terminal needed; and `--tasks FILE`, many of them one after the other."""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from demiurgic.cli.telling import shown, tell
from demiurgic.config import MODES, SANDBOXES, Settings
from demiurgic.errors import UserError

if TYPE_CHECKING:
    from demiurgic.agent.desk import Desk
    from demiurgic.agent.events import AgentEvent, Answer, ApprovalAsked, Approver, TurnEnded
    from demiurgic.compose.desk import DeskOptions


_LARGEST_SEED = 2**32 - 2
"""llama.cpp takes the one above it for the wish to have another each time."""
_MOST_PIPED = 4 * 2**20
"""Characters; no context holds more, and to find that out takes minutes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of a task; most of them hold for conversations too."""
    task = parser.add_argument_group("one task")
    tasks = task.add_mutually_exclusive_group()
    tasks.add_argument("-p", "--print", metavar="PROMPT", help="do this and exit; piped input is added to it")
    tasks.add_argument("--tasks", type=Path, metavar="FILE", help="do every line of a file, each in a conversation")
    task.add_argument("--output-format", choices=("text", "json", "stream-json"), default="text")
    work = parser.add_argument_group("how to work")
    work.add_argument("--model", metavar="M", help="registry name, .gguf file, openai:NAME, anthropic:NAME or URL#NAME")
    work.add_argument("--approve", choices=MODES, help="what may be done without a question")
    work.add_argument("--sandbox", choices=SANDBOXES, help="what keeps commands in")
    work.add_argument("--max-turns", type=int, metavar="N", help="most replies of the model to one task")
    old = work.add_mutually_exclusive_group()
    old.add_argument("--continue", dest="go_on", action="store_true", help="go on with the latest conversation here")
    old.add_argument("--resume", metavar="ID", help="go on with this conversation")
    model = parser.add_argument_group("the model")
    model.add_argument("--context", type=int, metavar="N", help="tokens that a conversation may hold")
    model.add_argument("--threads", type=int, metavar="N", help="threads that evaluate")
    model.add_argument("--temperature", type=float, metavar="T", help="0 always takes the likeliest word")
    model.add_argument("--max-tokens", type=int, metavar="N", help="longest reply")
    model.add_argument("--seed", type=int, metavar="N", help="makes sampling repeatable")


def desk_options(options: argparse.Namespace) -> "DeskOptions":
    """What the flags say of a conversation."""
    from demiurgic.agent.equipment import Limits
    from demiurgic.chat.protocol import ReplyOptions
    from demiurgic.compose.desk import LATEST, DeskOptions

    if options.max_turns is not None and options.max_turns < 1:
        raise UserError(f"--max-turns is {options.max_turns}; at least one reply must be allowed")
    if options.max_tokens is not None and options.max_tokens < 1:
        raise UserError(f"--max-tokens is {options.max_tokens}; at least one token must be allowed")
    if options.seed is not None and not 0 <= options.seed <= _LARGEST_SEED:
        raise UserError(f"--seed is {options.seed}; a number from 0 to {_LARGEST_SEED} is expected")
    return DeskOptions(
        session=options.resume or (LATEST if options.go_on else ""),
        limits=Limits() if options.max_turns is None else Limits(steps=options.max_turns),
        wishes=ReplyOptions(max_tokens=options.max_tokens, seed=options.seed),
    )


def opener(options: argparse.Namespace, settings: Settings) -> "Callable[[Approver], Desk]":
    """What opens a place to work in the current folder, when there is somebody to ask."""
    folder = Path.cwd()

    def opened(approver: "Approver") -> "Desk":
        from demiurgic.compose.desk import open_desk

        return open_desk(settings, folder, approver, desk_options(options))

    return opened


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Do the task, or all of them, in the format asked for. 0 if every one of them came to its end."""
    prompts = _tasks(options.tasks) if options.tasks else [_with_piped_input(options.print)]
    desk = opener(options, settings)(_Nobody(settings.approve))
    for warning in (desk.equipment.sandbox.warning, *desk.warnings):
        if warning:
            tell(warning)
    try:
        ends = [_done(desk, prompt, options.output_format, fresh=number > 0) for number, prompt in enumerate(prompts)]
    finally:
        desk.close()
    return 0 if all(ends) else 1


class _Nobody:
    """Answers for a user who is not there: no."""

    def __init__(self, mode: str) -> None:
        self._mode = mode

    def ask(self, question: "ApprovalAsked") -> "Answer":
        from demiurgic.agent.events import Answer

        tell(f"not done, because {question.reason} and nobody is here to ask")
        mode = _doing_so(question)
        if mode and self._mode not in (mode, "all"):
            print(f"  hint: --approve {mode}", file=sys.stderr)
        return Answer("deny", "nobody is here to ask; do without it, or say what you would have done")


def _doing_so(question: "ApprovalAsked") -> str:
    """The mode that does unasked what is asked here; empty where none does."""
    from demiurgic.tools.protocol import EffectKind

    kinds = {effect.kind for effect in question.effects}
    if EffectKind.RUN in kinds:
        return "all"
    return "edits" if kinds & {EffectKind.WRITE, EffectKind.DELETE} else ""


def _done(desk: "Desk", prompt: str, layout: str, *, fresh: bool) -> bool:
    from demiurgic.agent.events import TurnEnd

    if fresh:
        desk.new()
    turn = desk.say(prompt)
    try:
        ended = _write(turn, layout)
    except BaseException:
        turn.cancel()
        raise
    if ended.problem:
        tell("; ".join(ended.problem.splitlines()))
    elif ended.reason not in (TurnEnd.DONE, TurnEnd.TOKEN_LIMIT):
        tell(f"ended early ({ended.reason.value})")
    return ended.reason in (TurnEnd.DONE, TurnEnd.TOKEN_LIMIT)


def _tasks(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = [line.strip() for line in _limited(file, str(path)).split("\n")]
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} cannot be read: {error}") from error
    prompts = [line for line in lines if line and not line.startswith("#")]
    if not prompts:
        raise UserError(f"{path} holds no tasks", "write one a line; lines that begin with # are passed over")
    return prompts


def _with_piped_input(prompt: str) -> str:
    piped = "" if sys.stdin is None or sys.stdin.isatty() else _limited(sys.stdin, "what is piped in")
    whole = "\n\n".join(part for part in (prompt, piped.strip("\n")) if part.strip())
    if not whole:
        raise UserError("there is nothing to answer", "demiurgic -p 'your question'")
    return whole


def _limited(file: TextIO, name: str) -> str:
    text = file.read(_MOST_PIPED + 1)
    if len(text) > _MOST_PIPED:
        raise UserError(
            f"{name} is longer than {_MOST_PIPED:,} characters, which no model could read",
            "save it as a file here and ask about the file: it is read in parts",
        )
    return text


def _write(events: "Iterable[AgentEvent]", layout: str) -> "TurnEnded":
    from demiurgic.agent.events import StepStarted, TurnEnded
    from demiurgic.agent.sessions.wire import event_line
    from demiurgic.events import TextDelta

    written = ""
    for event in events:
        if layout == "stream-json":
            sys.stdout.buffer.write(event_line(event))
            sys.stdout.buffer.flush()
        elif layout == "text" and isinstance(event, TextDelta):
            written = event.text
            print(shown(event.text), end="", flush=True)
        elif layout == "text" and isinstance(event, StepStarted) and written and not written.endswith("\n"):
            print()
        if isinstance(event, TurnEnded):
            if layout == "json":
                sys.stdout.buffer.write(event_line(event))
            elif layout == "text" and written and not written.endswith("\n"):
                print()
            return event
    raise AssertionError("a turn ended without saying so")
