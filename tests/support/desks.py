"""Agents at work in a folder of the test's own, with a model that says what it is told to."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from support.tool_calls import NoSandbox, no_kernel

from demiurgic.agent.desk import Desk, Premises
from demiurgic.agent.equipment import Equipment, Limits
from demiurgic.agent.events import AgentEvent, Answer, ApprovalAsked
from demiurgic.agent.hooks import Hooks
from demiurgic.agent.judging import Allowed, Verdict
from demiurgic.agent.sessions.shelf import Shelf
from demiurgic.chat.local import LocalChat
from demiurgic.engine.scripted import Script, ScriptedEngine
from demiurgic.modes import Mode
from demiurgic.templates.chatml import ChatML
from demiurgic.templates.protocol import Vocabulary
from demiurgic.tools.protocol import AgentTool, Effect
from demiurgic.tools.sets import tool_set
from demiurgic.workspace.beneath import LocalWorkspace
from demiurgic.workspace.snapshots.store import Places, Snapshots


def call(name: str, /, **arguments) -> str:
    """A call as ChatML models write it."""
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


class Verdicts:
    """A judge that says what it is told to, one after the other, and then allows everything."""

    def __init__(self, *verdicts: Verdict) -> None:
        self.mode = Mode.ALL
        self.verdicts = list(verdicts)
        self.learned: list[Answer] = []

    def set_mode(self, mode: Mode) -> None:
        self.mode = mode

    def judge(self, tool: str, effects: Sequence[Effect]) -> Verdict:
        return self.verdicts.pop(0) if self.verdicts else Allowed()

    def learn(self, tool: str, effects: Sequence[Effect], answer: Answer) -> None:
        self.learned.append(answer)


class Answers:
    """A user who answers what they are told to."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[ApprovalAsked] = []

    def ask(self, question: ApprovalAsked) -> Answer:
        self.asked.append(question)
        return self.answers.pop(0)


class Seen:
    """An observer that keeps what it saw."""

    def __init__(self) -> None:
        self.events: list[AgentEvent] = []

    def saw(self, events: Sequence[AgentEvent]) -> None:
        self.events += events


def only(events: list, kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


def scripted(*answers, **script) -> LocalChat:
    engine = ScriptedEngine(Script(answers=answers, **{"context": 60_000, "piece": 16, **script}))
    return LocalChat(engine, ChatML(Vocabulary(engine.facts.markers)), "scripted")


def equipment(folder: Path, model: LocalChat, tools: Sequence[AgentTool] | None = None, **parts) -> Equipment:
    known = tool_set(None) if tools is None else tools
    whole = {
        "model": model,
        "system": "You are tested.",
        "tools": {tool.spec.name: tool for tool in known},
        "workspace": LocalWorkspace(folder),
        "sandbox": NoSandbox(),
        "kernel": no_kernel,
        "judge": Verdicts(),
        "approver": Answers(),
        "hooks": Hooks((), folder, {}),
        "limits": Limits(),
        **parts,
    }
    return Equipment(**whole)


def desk(folder: Path, state: Path, model: LocalChat, session: str = "", models=None, **parts) -> Desk:
    """With a session and snapshots, as users have it. `models`: those that it may be told to use, by name."""
    places = Places(folder, state, "/usr/bin:/bin")
    whole = equipment(folder, model, **parts)
    premises = Premises(Shelf(state, folder), Snapshots(places), lambda name: replace(whole, model=models[name]))
    return Desk(whole, premises, session)
