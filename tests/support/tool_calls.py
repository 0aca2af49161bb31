"""Calls of tools as the agent makes them: planned, looked at, run."""

import threading
from pathlib import Path

from demiurgic.errors import SandboxError, ToolFailed
from demiurgic.sandbox.protocol import Policy
from demiurgic.tools.protocol import AgentTool, Budget, Outcome, Plan, Surroundings
from demiurgic.workspace.beneath import LocalWorkspace


def no_kernel():
    raise AssertionError("this test has no kernel")


class NoSandbox:
    """For tools that must not run anything."""

    def __getattr__(self, name):
        raise AssertionError(f"this tool must not touch the sandbox: {name}")


class PolicyAlone:
    """A sandbox that knows its policy and cannot run anything."""

    def __init__(self, root: Path, **more):
        self.policy = Policy(root, **more)

    def run(self, *_arguments, **_more):
        raise SandboxError("nothing can be run here")


def surroundings(root: Path, tokens: int = 4000, **more) -> Surroundings:
    """A workspace, and a budget in which every four characters count as a token."""
    return Surroundings(
        workspace=LocalWorkspace(root),
        sandbox=more.pop("sandbox", NoSandbox()),
        kernel=more.pop("kernel", no_kernel),
        budget=Budget(tokens, lambda text: (len(text) + 3) // 4),
        cancel=threading.Event(),
        **more,
    )


def planned(tool: AgentTool, around: Surroundings, **arguments) -> Plan:
    return tool.plan(arguments, around)


def called(tool: AgentTool, around: Surroundings, **arguments) -> Outcome:
    return tool.plan(arguments, around).run(around)


def failure(tool: AgentTool, around: Surroundings, **arguments) -> str:
    """What the model is told."""
    try:
        outcome = called(tool, around, **arguments)
    except ToolFailed as error:
        return str(error)
    raise AssertionError(f"it worked: {outcome.text}")
