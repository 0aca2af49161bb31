"""The REPL in a terminal that can move its cursor. No alternate screen, and what has scrolled by is never touched.

The prompt lives below the output at all times. What is finished is written above it once; only the block that is still
being written, the prompt and the status line are ever drawn again. A thread of its own does the work.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import ThreadedCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import FileHistory
from prompt_toolkit.output import ColorDepth
from rich.console import RenderableType
from rich.text import Text

from demiurgic.agent.events import Answer, ApprovalAsked, Approver
from demiurgic.modes import Mode
from demiurgic.repl.activity import activity
from demiurgic.repl.completing import FileNames, ReplCompleter
from demiurgic.repl.conversation import Conversation
from demiurgic.repl.drawing import SteadyApplication, SteadyRenderer, wraps_anew
from demiurgic.repl.ink import Hanging, Ink
from demiurgic.repl.items import Facts, Shown
from demiurgic.repl.keys import key_bindings
from demiurgic.repl.layout import STYLE, Parts, make_layout
from demiurgic.repl.models import model_names
from demiurgic.repl.output import SizeOf, SteadyOutput
from demiurgic.repl.questions import choices, understood
from demiurgic.repl.scribe import Scribe
from demiurgic.repl.status import status_fragments, waiting_fragments
from demiurgic.repl.worker import Worker
from demiurgic.workspace.shown import visible_name
from demiurgic.workspace.state import project_folder

if TYPE_CHECKING:
    from demiurgic.agent.desk import Desk
    from demiurgic.config import Settings

_FRAME = 1 / 25
_SPIN = 0.1
_LEAST_LIVE = 3
_BELOW_LIVE = 8
"""Rows kept free below what is in motion: the prompt, what waits, the status line."""
_PATIENCE = 3.0
_TWICE = 3.0
"""Seconds within which Ctrl-C pressed again leaves."""
_LEAVES = "Ctrl-C again leaves"
_MODES = (Mode.PLAN, Mode.ASK, Mode.EDITS)


@dataclass(frozen=True, slots=True)
class _Question:
    asked: ApprovalAsked
    answer: Future[Answer]


@dataclass(frozen=True, slots=True)
class _Prefill:
    text: str


class Terminal:
    """Satisfies `Front`, `Approver` and `Hands`."""

    def __init__(self, open_desk: Callable[[Approver], Desk], settings: Settings, first: str | None) -> None:
        environment = dict(settings.environment)
        self._settings = settings
        self._ink = Ink(escapes=True, colours=not environment.get("NO_COLOR"))
        self._output = SteadyOutput(sys.stdout, SizeOf(sys.stdout), environment.get("TERM", ""))
        self._scribe = Scribe()
        self._worker = Worker(lambda: open_desk(self), self._converse)
        self._items: SimpleQueue[Shown | Facts | _Question | _Prefill] = SimpleQueue()
        self._facts = Facts()
        self._live, self._hint = "", ""
        self._painted = self._output.get_size()
        self._question: _Question | None = None
        self._files: FileNames | None = None
        self._stashed = Document()
        self._buffer = self._make_buffer(settings)
        self._app = self._make_app()
        self._renderer = SteadyRenderer(
            self._app.renderer.style, self._output, lambda: self._news.set(), wraps=wraps_anew(environment)
        )
        self._app.renderer = self._renderer
        self._began = 0.0
        if first:
            self._worker.send(first)

    def run(self) -> int:
        """Until somebody leaves. Raises what the work raised."""
        # Also keeps the prompt off the first row: some terminals keep what is cleared from there on as scrolled by.
        folder = visible_name(Path.cwd().name)
        banner = Text.assemble(("demiurgic", "bold"), (f" in {folder} · /help lists the commands", "dim"))
        self._output.write_raw(
            self._ink.paint([Hanging(Text(), banner, cropped=True)], self._output.get_size().columns)
        )
        self._output.flush()
        try:
            self._app.run(pre_run=self._begin)
        finally:
            if self._question is not None:
                self._question.answer.set_result(Answer("deny"))
            self._worker.leave(_PATIENCE)
        if self._worker.done.done():
            self._worker.done.result()
        return 0

    # What the thread that works calls.

    def show(self, item: Shown) -> None:
        self._put(item)

    def tell(self, facts: Facts) -> None:
        self._put(facts)

    def prefill(self, text: str) -> None:
        self._put(_Prefill(text))

    def ask(self, question: ApprovalAsked) -> Answer:
        waiting = _Question(question, Future())
        self._put(waiting)
        return waiting.answer.result()

    def _put(self, item: Shown | Facts | _Question | _Prefill) -> None:
        self._items.put(item)
        self._wake()

    def _wake(self, _done: object = None) -> None:
        with suppress(RuntimeError):  # the terminal has been left meanwhile
            self._loop.call_soon_threadsafe(self._news.set)

    def _converse(self, desk: Desk) -> Conversation:
        self._files = FileNames(desk.equipment.workspace)
        return Conversation(desk, self)

    # What the keys call.

    def enter(self) -> None:
        text = self._buffer.text.strip()
        self._hint = ""
        if self._question is not None:
            self._answer(self._question, text)
            return
        if not text:
            return
        self._buffer.reset(append_to_history=True)
        conversation = self._worker.conversation
        if not (self._worker.busy and conversation is not None and conversation.at_once(text)):
            self._worker.send(text)
        self._news.set()

    def steer(self) -> None:
        text = self._buffer.text.strip()
        conversation = self._worker.conversation
        if text and self._question is None and conversation is not None and conversation.steer(text):
            self._buffer.reset(append_to_history=True)
            self._hint = "told the model; it hears it before its next reply"

    def interrupt(self) -> None:
        if self._buffer.text and self._question is None and not self._worker.busy:
            self._buffer.reset()
        elif self._hint == _LEAVES:
            self.leave()
        else:
            self._hint = _LEAVES
            self._loop.call_later(_TWICE, self._withdraw, _LEAVES)
            self._stop()

    def leave(self) -> None:
        if not self._app.is_done:
            self._app.exit()

    def edit_last(self) -> None:
        if self._buffer.text and self._question is None and not self._worker.busy:
            self._buffer.reset(append_to_history=True)  # a draft is put aside first; Up brings it back
        elif self._question is None:
            self._stop()
            self._worker.send("/edit")
            self._news.set()

    def next_mode(self) -> None:
        now = self._facts.mode
        following = _MODES[(_MODES.index(now) + 1) % len(_MODES)] if now in _MODES else Mode.ASK
        if self._worker.conversation is not None:
            self._worker.conversation.set_mode(following)

    def take_back(self) -> bool:
        line = self._worker.take_back() if self._question is None else None
        if line is not None:
            self._buffer.document = Document(line)
        return line is not None

    def _withdraw(self, hint: str) -> None:
        """A hint holds for a while."""
        if self._hint == hint:
            self._hint = ""
            self._news.set()

    def _typed(self, _buffer: Buffer) -> None:
        self._hint = ""

    def _stop(self) -> None:
        if self._worker.conversation is not None:
            self._worker.conversation.interrupt()
        if self._question is not None:
            self._end_question(self._question, Answer("deny"))

    # Questions.

    def _begin_question(self, question: _Question) -> None:
        self._question, self._stashed, self._hint = question, self._buffer.document, ""
        self._buffer.reset()

    def _answer(self, question: _Question, text: str) -> None:
        answer = understood(text, question.asked)
        if answer is None:
            self._hint = "answer with y, s, a or n" if question.asked.rule else "answer with y, s or n"
        else:
            self._end_question(question, answer)

    def _end_question(self, question: _Question, answer: Answer) -> None:
        self._question = None
        self._buffer.document = self._stashed
        question.answer.set_result(answer)

    # Drawing, in the terminal's own thread.

    def _begin(self) -> None:
        self._loop, self._news = asyncio.get_running_loop(), asyncio.Event()
        self._began = self._loop.time()
        self._worker.done.add_done_callback(self._wake)
        self._worker.start()
        task = self._app.create_background_task(self._draw())
        task.add_done_callback(self._drawn)

    def _drawn(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and not self._app.is_done:
            error = task.exception()
            self._app.exit(exception=error) if error else self._app.exit()

    async def _draw(self) -> None:
        """Draw whatever is new, until the work is done; not more often than the eye can follow."""
        while not self._worker.done.done():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), _SPIN if self._worker.busy else None)
            self._news.clear()
            while not self._renderer.steady:
                await asyncio.sleep(_FRAME)
            self._paint(self._taken())
            await asyncio.sleep(_FRAME)
        self._paint(self._taken())

    def _taken(self) -> list[RenderableType]:
        """What has become finished since it was drawn last."""
        blocks: list[RenderableType] = []
        with suppress(Empty):
            while True:
                match item := self._items.get_nowait():
                    case Facts():
                        self._facts = item
                    case _Prefill(text):
                        self._buffer.document = Document(text)
                    case _Question():
                        self._begin_question(item)
                    case _:
                        blocks += self._scribe.take(item)
        return blocks

    def _paint(self, blocks: Sequence[RenderableType]) -> None:
        size = self._output.get_size()
        room = max(_LEAST_LIVE, size.rows - _BELOW_LIVE)
        lines = self._ink.paint(self._in_motion(), size.columns).splitlines()
        self._live = "\n".join(lines[-room:])
        resized, self._painted = size != self._painted, size
        if not blocks and not resized:  # else from nothing: a row that was longer would be wrapped as if it still were
            self._app.invalidate()
            return
        with self._output.held():
            self._app.renderer.erase()
            self._output.write_raw(self._ink.paint(blocks, size.columns).replace("\n", "\r\n"))
            self._app.render_counter += 1  # what the layout shows is asked anew once for each count
            self._app.renderer.render(self._app, self._app.layout)

    def _in_motion(self) -> list[RenderableType]:
        if self._question is not None:
            return choices(self._question.asked)
        if self._worker.desk is None:
            return [activity("opening the model", self._loop.time() - self._began, "you can type meanwhile")]
        return self._scribe.live()

    # What the layout shows.

    def _waiting(self) -> StyleAndTextTuples:
        return waiting_fragments(self._worker.waiting, self._output.get_size().columns)

    def _prompt(self) -> StyleAndTextTuples:
        return [("class:question", "? ")] if self._question is not None else [("class:prompt", "› ")]

    def _status(self) -> StyleAndTextTuples:
        return status_fragments(self._facts, self._hint, self._output.get_size().columns)

    def _make_buffer(self, settings: Settings) -> Buffer:
        arguments = {
            "/mode": lambda: tuple(Mode),
            "/model": lambda: model_names(settings),
            "/resume": lambda: [each.id for each in self._worker.desk.sessions()] if self._worker.desk else [],
        }
        return Buffer(
            multiline=True,
            history=FileHistory(str(project_folder(settings.state_dir, Path.cwd()) / "history")),
            completer=ThreadedCompleter(ReplCompleter(lambda: self._files, arguments)),
            complete_while_typing=True,
            on_text_changed=self._typed,
        )

    def _make_app(self) -> SteadyApplication:
        parts = Parts(lambda: self._live, self._waiting, self._prompt, self._status)
        app = SteadyApplication(
            layout=make_layout(parts, self._buffer),
            key_bindings=key_bindings(self, self._buffer),
            style=STYLE,
            output=self._output,
            color_depth=ColorDepth.DEPTH_4_BIT if self._ink.colours else ColorDepth.DEPTH_1_BIT,
            erase_when_done=True,
        )
        app.ttimeoutlen = 0.1
        return app
