"""A plain conversation in the terminal. It never leaves the normal screen and needs no more than lines."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from demiurgic.chat.protocol import ChatModel, Reply, ReplyOptions
from demiurgic.compose import open_chat
from demiurgic.config import Settings
from demiurgic.errors import DemiurgicError
from demiurgic.events import PromptProgress, ReasoningDelta, ReplyEnded, TextDelta
from demiurgic.messages import Message, User
from demiurgic.repl.clean import printable

HELP = """\
/help          this
/new           forget the conversation
/model NAME    talk to another model
/quit          leave (or Ctrl-D)
Ctrl-C stops an answer and keeps what came of it."""


@dataclass(slots=True)
class Session:
    """What the conversation consists of."""

    settings: Settings
    chat: ChatModel
    conversation: list[Message] = field(default_factory=list[Message])


def run_repl(settings: Settings, first: str | None = None) -> int:
    """Talk until the input ends. Returns the exit code."""
    session = Session(settings, open_chat(settings))
    view = View(sys.stdout)
    interactive = sys.stdin.isatty()
    if interactive:
        view.line(f"{session.chat.name}, {session.chat.context or '?'} tokens of context. /help lists the commands.")
    try:
        if first:
            _turn(session, first, view)
        while (line := _ask(interactive)) is not None:
            if not _handle(session, line.strip(), view):
                break
    finally:
        session.chat.close()
    return 0


def _ask(interactive: bool) -> str | None:
    if interactive:
        import readline  # noqa: F401  # pyright: ignore[reportUnusedImport] - editing and history for input()
    try:
        return input("> " if interactive else "")
    except EOFError:
        return None
    except KeyboardInterrupt:
        return ""


def _handle(session: Session, line: str, view: "View") -> bool:
    """Do what a line says. False to leave."""
    if not line:
        return True
    if not line.startswith("/"):
        _turn(session, line, view)
        return True
    name, _, argument = line.partition(" ")
    command = _COMMANDS.get(name)
    if command is None:
        view.line(f"there is no command {name}; /help lists them")
        return True
    return command(session, argument.strip(), view)


def _turn(session: Session, text: str, view: "View") -> None:
    session.conversation.append(User(text))
    try:
        reply = session.chat.reply(session.conversation, options=ReplyOptions(temperature=session.settings.temperature))
        ended = _follow(reply, view)
    except DemiurgicError as error:
        view.line(f"\n{error}")
        session.conversation.pop()
        return
    session.conversation.append(ended.message)


def _follow(reply: Reply, view: "View") -> ReplyEnded:
    """Show a reply. Ctrl-C ends it and keeps what came."""
    events = iter(reply)
    while True:
        try:
            event = next(events)
        except KeyboardInterrupt:
            reply.cancel()
            continue
        match event:
            case PromptProgress(done, total, cached):
                view.progress(done - cached, total - cached)
            case ReasoningDelta(text):
                view.thought(text)
            case TextDelta(text):
                view.said(text)
            case ReplyEnded():
                view.end(event)
                return event
            case _:
                pass


class View:
    """Writes to a terminal of any kind."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._moves = out.isatty() and os.get_terminal_size(out.fileno()).columns > 0
        self._progress_shown = False
        self._thinking = False

    def line(self, text: str) -> None:
        """A line of our own."""
        self._clear()
        self._write(text + "\n")

    def progress(self, done: int, total: int) -> None:
        """How much of the prompt has been read, if that takes long enough to be worth saying."""
        if self._moves and total > 200 and done < total:
            self._write(f"\rreading {100 * done // total} %")
            self._progress_shown = True

    def thought(self, text: str) -> None:
        """More of what the model thinks."""
        self._clear()
        if not self._thinking and self._moves:
            self._write("\x1b[2m")
        self._thinking = True
        self._write(printable(text))

    def said(self, text: str) -> None:
        """More of the answer."""
        self._clear()
        if self._thinking:
            self._write("\x1b[0m\n" if self._moves else "\n")
            self._thinking = False
        self._write(printable(text))

    def end(self, ended: ReplyEnded) -> None:
        """The reply is over."""
        self._clear()
        if self._thinking:
            self._write("\x1b[0m" if self._moves else "")
            self._thinking = False
        note = {"length": " [cut off: the context is full]", "cancelled": " [stopped]"}.get(ended.finish, "")
        self._write(f"{note}\n")

    def _clear(self) -> None:
        if self._progress_shown:
            self._write("\r" + " " * 20 + "\r")
            self._progress_shown = False

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


def _help(_session: Session, _argument: str, view: View) -> bool:
    view.line(HELP)
    return True


def _new(session: Session, _argument: str, view: View) -> bool:
    session.conversation.clear()
    view.line("forgotten")
    return True


def _model(session: Session, argument: str, view: View) -> bool:
    if not argument:
        view.line(session.chat.name)
        return True
    try:
        chat = open_chat(session.settings, argument)
    except DemiurgicError as error:
        view.line(str(error))
        return True
    session.chat.close()
    session.chat = chat
    view.line(f"now talking to {chat.name}")
    return True


def _quit(_session: Session, _argument: str, _view: View) -> bool:
    return False


_COMMANDS: dict[str, Callable[[Session, str, View], bool]] = {
    "/help": _help,
    "/new": _new,
    "/model": _model,
    "/quit": _quit,
    "/exit": _quit,
}
