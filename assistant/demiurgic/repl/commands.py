"""The commands that begin with a slash. Each is a short function over the desk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.agent.events import ToolStarted
from demiurgic.errors import NoSuchSession, UserError, WorkspaceError
from demiurgic.modes import Mode
from demiurgic.repl.front import Front
from demiurgic.repl.items import Notice, Printed, Rows
from demiurgic.repl.replay import replay
from demiurgic.tools.protocol import DiffView

if TYPE_CHECKING:
    from demiurgic.agent.desk import Desk, Moved

_LISTED = 20


@dataclass(slots=True)
class Work:
    """What commands work on."""

    desk: Desk
    front: Front
    output: str = ""
    """The whole result of the latest tool or command."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set where the user wants no more of what goes on."""


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """One command."""

    name: str
    takes: str
    help: str
    run: Callable[[Work, str], None]
    moves: bool = False
    """Whether it may change how much of the context is taken."""
    anywhere: bool = False
    """Whether it needs neither a terminal nor the current folder, nor leads to another conversation."""


def command_in(text: str) -> tuple[str, str] | None:
    """The name and the argument, where a line is meant as a command: a path such as `/usr/bin` is none."""
    name = text.split(maxsplit=1)[0] if text.startswith("/") else ""
    return (name, text.removeprefix(name).strip()) if name.count("/") == 1 else None


def find_command(name: str) -> SlashCommand | None:
    """By its name, or by a beginning that fits no other."""
    fitting = [command for command in COMMANDS.values() if command.name.startswith(name)]
    return COMMANDS.get(name) or (fitting[0] if len(fitting) == 1 and len(name) > 1 else None)


def _help(work: Work, _argument: str) -> None:
    commands = tuple((f"{each.name} {each.takes}".strip(), each.help) for each in COMMANDS.values())
    work.front.show(Rows(commands, "commands"))
    work.front.show(Rows(_KEYS, "keys"))


_KEYS = (
    ("Enter", "send; while a turn runs: queue"),
    ("Alt-Enter Ctrl-J", "a new line"),
    ("Ctrl-S", "while a turn runs: tell the model now"),
    ("Ctrl-C", "stop the turn and keep what came; twice leaves"),
    ("Esc Esc", "take the last message back and edit it"),
    ("Shift-Tab", "the next mode: plan, ask, edits"),
    ("Up Ctrl-R", "earlier messages; search in them"),
    ("@file", "completes names of files"),
    ("!command", "runs in the sandbox; the model is not told"),
)


def _new(work: Work, _argument: str) -> None:
    work.desk.new()
    work.front.show(Notice("a new conversation; the old one is in /sessions"))


def _model(work: Work, argument: str) -> None:
    gear = work.desk.equipment
    if not argument:
        work.front.show(Notice(f"{gear.model.name}, {gear.model.context or '?'} tokens of context"))
        return
    work.front.show(Notice(f"opening {argument} ..."))
    work.desk.use(argument)
    work.front.show(Notice(f"now talking to {work.desk.equipment.model.name}, in a fork of the conversation"))


def _mode(work: Work, argument: str) -> None:
    if argument:
        if argument not in tuple(Mode):
            raise UserError(f"there is no mode {argument}", f"/mode {'|'.join(Mode)}")
        work.desk.mode = Mode(argument)
    work.front.show(Notice(f"mode {work.desk.mode}: {MODES[work.desk.mode]}"))


MODES = {
    Mode.PLAN: "nothing is written, nothing is run",
    Mode.ASK: "every edit and every command asks",
    Mode.EDITS: "edits in the workspace are free, commands ask",
    Mode.ALL: "edits and commands in the sandbox are free",
}
"""What each mode means, for the user."""


def _undo(work: Work, _argument: str) -> None:
    _report(work, "took back", work.desk.undo())


def _redo(work: Work, _argument: str) -> None:
    _report(work, "did again", work.desk.redo())


def _edit(work: Work, _argument: str) -> None:
    moved = work.desk.undo()
    _report(work, "took back", moved)
    work.front.prefill(moved.text)


def _report(work: Work, what: str, moved: Moved) -> None:
    first, *more = moved.text.strip().split("\n")
    work.front.show(Notice(f"{what}: {first}{' …' if more else ''}"))
    if moved.changes:
        work.front.show(Rows(tuple((change.kind, change.path) for change in moved.changes)))
    if moved.blocked:
        work.front.show(Notice(f"could not be put back: {', '.join(moved.blocked)}", "warning"))


def _fork(work: Work, _argument: str) -> None:
    before = work.desk.session.id
    work.desk.fork()
    work.front.show(Notice(f"going on in a copy; until here it is also {before}"))


def _sessions(work: Work, _argument: str) -> None:
    found = work.desk.sessions()[:_LISTED]
    now = time.time()
    listed = tuple(
        (str(number), each.id, _ago(now - each.changed), each.problem or each.title or "(nothing said)")
        for number, each in enumerate(found, 1)
    )
    work.front.show(Rows(listed, "conversations of this folder; /resume NUMBER goes on with one"))


def _resume(work: Work, argument: str) -> None:
    found = work.desk.sessions()
    if argument.isdecimal() and 1 <= int(argument) <= min(_LISTED, len(found)):
        name = found[int(argument) - 1].id
    else:
        fitting = [each.id for each in found if argument and each.id.startswith(argument)]
        if len(fitting) != 1:
            raise NoSuchSession(f"{argument or 'nothing'} names no conversation", "see which there are: /sessions")
        name = fitting[0]
    if name == work.desk.session.id:
        work.front.show(Notice("this is the conversation that goes on"))
        return
    work.desk.open(name)
    replay(work.desk, work.front)


def _context(work: Work, _argument: str) -> None:
    sizes = work.desk.context()
    whole = dict(sizes)["context"] or 1
    listed = tuple((name, f"{tokens:,}".rjust(9), f"{100 * tokens / whole:.0f} %") for name, tokens in sizes)
    work.front.show(Rows(listed, "tokens"))


def _export(work: Work, argument: str) -> None:
    if not argument:
        raise UserError("no file is named", "/export FILE")
    path = Path(argument).expanduser()
    try:
        work.desk.export(path)
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be written: {error.strerror}") from error
    work.front.show(Notice(f"added to {path} as one line of training data"))


def _compact(work: Work, _argument: str) -> None:
    work.front.show(Notice("writing a summary ..."))
    shortened = work.desk.compact(work.cancelled)
    work.front.show(Notice(f"{shortened.before:,} tokens became {shortened.after:,}"))


def _diff(work: Work, _argument: str) -> None:
    """What the agent's edits came to. What commands changed is not in it."""
    first: dict[str, str | None] = {}
    for event in work.desk.session.events():
        if isinstance(event, ToolStarted) and isinstance(event.view, DiffView):
            first.setdefault(event.view.path, event.view.before)
    files = work.desk.equipment.workspace
    views = [
        DiffView(path, before, _text(files.read(path)) if files.stat(path) else None) for path, before in first.items()
    ]
    changed = [view for view in views if view.before != view.after]
    for view in changed:
        work.front.show(view)
    if not changed:
        work.front.show(Notice("no file differs from what it was when the conversation began"))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _output(work: Work, _argument: str) -> None:
    work.front.show(Printed(work.output) if work.output else Notice("nothing has been run yet"))


def _quit(_work: Work, _argument: str) -> None:
    """Whoever reads the lines leaves."""


def _ago(seconds: float) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {name}"
    return "now"


def _table(commands: Sequence[SlashCommand]) -> dict[str, SlashCommand]:
    return {command.name: command for command in commands}


COMMANDS = _table(
    (
        SlashCommand("/help", "", "this", _help),
        SlashCommand("/new", "", "begin a new conversation", _new, moves=True),
        SlashCommand("/model", "[NAME]", "which model this is, or talk to another", _model, moves=True, anywhere=True),
        SlashCommand("/mode", "[plan|ask|edits|all]", "how much is done unasked", _mode, anywhere=True),
        SlashCommand("/undo", "", "take back the last turn, files and talk", _undo, moves=True, anywhere=True),
        SlashCommand("/redo", "", "let it count again", _redo, moves=True, anywhere=True),
        SlashCommand("/edit", "", "take back the last turn and edit its message", _edit, moves=True),
        SlashCommand("/fork", "", "go on in a copy of the conversation", _fork),
        SlashCommand("/sessions", "", "conversations of this folder", _sessions),
        SlashCommand("/resume", "NUMBER|ID", "go on with another conversation", _resume, moves=True),
        SlashCommand("/context", "", "what takes how many tokens", _context, anywhere=True),
        SlashCommand("/compact", "", "shorten the conversation now", _compact, moves=True, anywhere=True),
        SlashCommand("/diff", "", "what edits have changed in this conversation", _diff, anywhere=True),
        SlashCommand("/output", "", "the whole result of the last tool", _output),
        SlashCommand("/export", "FILE", "add the conversation to training data", _export),
        SlashCommand("/quit", "", "leave (or Ctrl-D)", _quit),
    )
)
