"""A plain conversation in the terminal. It never leaves the normal screen and needs no more than lines."""

import signal
import sys
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import Enum, auto
from queue import SimpleQueue

from demiurgic.chat.protocol import ChatModel, Reply, ReplyOptions
from demiurgic.compose import open_chat
from demiurgic.config import Settings
from demiurgic.errors import DemiurgicError, EngineError
from demiurgic.events import ChatEvent, PromptProgress, ReasoningDelta, ReplyEnded, TextDelta
from demiurgic.messages import Message, User
from demiurgic.repl.view import View

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
    view = View(sys.stdout, dumb=dict(settings.environment).get("TERM", "dumb") == "dumb")
    interactive = sys.stdin.isatty()
    if interactive:
        view.line(f"{session.chat.name}, {session.chat.context or '?'} tokens of context. /help lists the commands.")
    try:
        if first:
            _turn(session, first, view)
        while (line := _ask(view, interactive)) is not None:
            if not _handle(session, line.strip(), view):
                break
    finally:
        session.chat.close()
    return 0


def _ask(view: View, interactive: bool) -> str | None:
    if interactive:
        import readline  # noqa: F401  # pyright: ignore[reportUnusedImport] - editing and history for input()
    try:
        return input("> " if interactive else "")
    except EOFError:
        if interactive:
            view.line("")  # the shell's prompt begins on a line of its own
        return None
    except KeyboardInterrupt:
        view.line("")
        return ""


def _handle(session: Session, line: str, view: View) -> bool:
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


def _turn(session: Session, text: str, view: View) -> None:
    session.conversation.append(User(text))
    try:
        reply = session.chat.reply(session.conversation, options=ReplyOptions(temperature=session.settings.temperature))
        ended = _follow(reply, view)
    except DemiurgicError as error:
        view.line(f"\n{error}")
        session.conversation.pop()
        return
    except KeyboardInterrupt:  # before the reply began
        view.line("")
        session.conversation.pop()
        return
    session.conversation.append(ended.message)


def _follow(reply: Reply, view: View) -> ReplyEnded:
    """Show a reply. Ctrl-C ends it and keeps what came."""
    for event in _interruptible(reply):
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
    raise EngineError("the reply broke off without an end")


def _interruptible(reply: Reply) -> Generator[ChatEvent]:
    """The reply's events, read by a thread of their own. Ctrl-C breaks into nothing: it is one more thing to come."""
    queue: SimpleQueue[ChatEvent | BaseException | _Sign] = SimpleQueue()

    def read() -> None:
        try:
            for event in reply:
                queue.put(event)
        except DemiurgicError as error:
            queue.put(error)
        finally:
            queue.put(_Sign.OVER)

    def interrupt(_signal: int, _frame: object) -> None:
        queue.put(_Sign.INTERRUPTED)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        threading.Thread(target=read, name="reply", daemon=True).start()
        while (event := queue.get()) is not _Sign.OVER:
            if event is _Sign.INTERRUPTED:
                reply.cancel()
            elif isinstance(event, BaseException):
                raise event
            else:
                yield event
    finally:
        signal.signal(signal.SIGINT, before)


class _Sign(Enum):
    OVER = auto()
    INTERRUPTED = auto()


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
