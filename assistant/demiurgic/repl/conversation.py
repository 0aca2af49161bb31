"""Carries out what the user types: a turn of the agent, a command of ours, or one of the shell's.

Lines are carried out one after the other, in one thread. `interrupt`, `steer` and `at_once` are for the others.
"""

from __future__ import annotations

import codecs
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from demiurgic.agent.events import AgentEvent, StepStarted, ToolFinished
from demiurgic.errors import DemiurgicError
from demiurgic.events import PromptProgress, ReasoningDelta, ReplyEnded, TextDelta
from demiurgic.modes import Mode
from demiurgic.repl.commands import Work, command_in, find_command
from demiurgic.repl.front import Front
from demiurgic.repl.items import Echo, Facts, Notice, Printed
from demiurgic.repl.replay import replay
from demiurgic.sandbox.printed import settled, settled_so_far
from demiurgic.sandbox.protocol import Command, Status, Stream
from demiurgic.tools.shell import BASH

if TYPE_CHECKING:
    from demiurgic.agent.agent import Turn
    from demiurgic.agent.desk import Desk

_AT_ONCE = frozenset(("/help", "/mode"))
_SHORTEST = 0.2
"""Seconds below which a speed says nothing."""


class Conversation:
    """One user at one desk."""

    def __init__(self, desk: Desk, front: Front) -> None:
        self._cancelled = threading.Event()
        self._work = Work(desk, front, cancelled=self._cancelled)
        self._front = front
        self._lock = threading.Lock()
        self._turn: Turn | None = None
        self._facts = Facts()
        self._spoke_since: float | None = None

    def greet(self) -> None:
        """Say where one is, and what to beware of."""
        desk = self._work.desk
        if warning := desk.equipment.sandbox.warning:
            self._front.show(Notice(f"the sandbox is {desk.equipment.sandbox.name}: {warning}", "warning"))
        for problem in desk.warnings:
            self._front.show(Notice(problem, "warning"))
        replay(desk, self._front)
        self._tell(self._used())

    def line(self, text: str) -> bool:
        """Do what a line says. False to leave."""
        self._cancelled.clear()
        return self._carried_out(text)

    def at_once(self, text: str) -> bool:
        """Do what a line says if that can be done beside a turn. True if it was."""
        command = find_command(text.split(maxsplit=1)[0]) if text.startswith("/") else None
        return command is not None and command.name in _AT_ONCE and self._carried_out(text)

    def _carried_out(self, text: str) -> bool:
        try:
            if text.startswith("!"):
                self._front.show(Echo(text))
                self._shell(text[1:].strip())
            elif said := command_in(text):
                return self._command(*said, text)
            elif text.strip():
                self._say(text)
        except DemiurgicError as error:
            self._front.show(Notice(str(error), "error"))
        return True

    def close(self) -> None:
        """Let go of the desk."""
        self._work.desk.close()

    def interrupt(self) -> None:
        """End soon what goes on, keeping what came of it."""
        with self._lock:
            self._cancelled.set()
            if self._turn is not None:
                self._turn.cancel()

    def steer(self, text: str) -> bool:
        """Tell the model something before its next reply. False if no turn goes on."""
        with self._lock:
            if self._turn is None:
                return False
            return self._turn.steer(text)

    def set_mode(self, mode: Mode) -> None:
        """Change how much the agent may do unasked; also while it works."""
        try:
            self._work.desk.mode = mode
        except DemiurgicError as error:
            self._front.show(Notice(str(error), "error"))
        self._tell()

    def _command(self, name: str, argument: str, text: str) -> bool:
        command = find_command(name)
        if command is not None and command.name == "/quit":
            return False
        self._front.show(Echo(text))
        if command is None:
            self._front.show(Notice(f"there is no command {name}; /help lists them", "error"))
            return True
        command.run(self._work, argument)
        self._tell(self._used() if command.moves else None)
        return True

    def _say(self, text: str) -> None:
        turn = self._work.desk.say(text)
        with self._lock:
            self._turn = turn
            if self._cancelled.is_set():
                turn.cancel()
        try:
            for event in turn:
                self._note(event)
                self._front.show(event)
        finally:
            with self._lock:
                self._turn = None
        self._tell()

    def _note(self, event: AgentEvent) -> None:
        """Keep what the status line and `/output` tell."""
        match event:
            case StepStarted() | PromptProgress():
                self._spoke_since = None
            case TextDelta() | ReasoningDelta():
                self._spoke_since = self._spoke_since or time.monotonic()
            case ReplyEnded(_, _, usage):
                took = time.monotonic() - self._spoke_since if self._spoke_since else 0.0
                if took > _SHORTEST and usage.completion:
                    self._facts = replace(self._facts, rate=usage.completion / took)
                self._tell(usage.prompt + usage.completion)
            case ToolFinished():
                self._work.output = event.text
            case _:
                pass

    def _tell(self, used: int | None = None) -> None:
        gear = self._work.desk.equipment
        self._facts = replace(
            self._facts,
            model=gear.model.name,
            context=gear.model.context,
            used=self._facts.used if used is None else used,
            sandbox=gear.sandbox.name,
            guarded=gear.sandbox.strength != "process",
            mode=self._work.desk.mode,
        )
        self._front.tell(self._facts)

    def _used(self) -> int:
        sizes: Mapping[str, int] = dict(self._work.desk.context())
        return sizes["context"] - sizes["free"]

    def _shell(self, command: str) -> None:
        """A command of the user's own: in the sandbox, unasked, and not told to the model."""
        if not command:
            self._front.show(Notice("! runs a command in the sandbox: !ls"))
            return
        decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")}
        partial = {"stdout": "", "stderr": ""}
        lock = threading.Lock()

        def heard(stream: Stream, data: bytes) -> None:
            with lock:
                *lines, rest = (partial[stream] + decoders[stream].decode(data)).split("\n")
                partial[stream] = settled_so_far(rest)
                if lines:
                    self._front.show(Printed(settled("\n".join(lines))))

        result = self._work.desk.equipment.sandbox.run(Command((BASH, "-c", command)), heard, self._cancelled)
        for rest in partial.values():
            if rest:
                self._front.show(Printed(settled(rest)))
        self._work.output = settled(result.stdout.text() + result.stderr.text())
        if result.status is not Status.OK:
            ended = f"exit code {result.exit_code}" if result.status is Status.FAILED else f"stopped: {result.status}"
            self._front.show(Notice(ended, "warning"))
