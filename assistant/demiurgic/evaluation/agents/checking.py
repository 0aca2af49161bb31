"""Whether a task was solved: its hidden tests run on a clean copy, in a sandbox, when the agent is done.

Nobody but the sandbox can raise here: a solution that hangs, crashes or ends the tests early is one that failed.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from demiurgic.evaluation.agents.folders import lay_out_check
from demiurgic.evaluation.agents.tasks import Task
from demiurgic.sandbox.protocol import Command, Limits, Policy, Result, Sandbox, Status
from demiurgic.sandbox.toolchain import own_interpreter

OpenSandbox = Callable[[Policy], Sandbox]

_WORKER = Path(__file__).with_name("check_worker.py")
_DETAIL = 400


@dataclass(frozen=True, slots=True)
class Check:
    """What the hidden tests said."""

    solved: bool
    detail: str = ""
    """The last that they wrote, where they failed."""


def check(task: Task, worked: Path, answer: str, place: Path, open_sandbox: OpenSandbox) -> Check:
    """Check the work in a folder. `place` is where the clean copy is made; whoever calls removes it."""
    lay_out_check(task, worked, answer, place)
    proof = "" if task.test else secrets.token_hex(16)
    seconds = task.allowance.check_seconds
    command = Command(
        task.test or ("python3", "-I", "-S", "-B", "-c", _WORKER.read_text("utf-8"), *task.hidden_modules),
        stdin=f"{proof}\n".encode(),
        limits=Limits(wall=2 * seconds, cpu=seconds),
    )
    sandbox = open_sandbox(Policy(place, readable=own_interpreter()))
    try:
        result = sandbox.run(command)
    finally:
        sandbox.close()
    proven = result.stdout.text().endswith(f"\n{proof}\n") if proof else True
    return Check(True) if result.status is Status.OK and proven else Check(False, _said(result))


def _said(result: Result) -> str:
    words = (result.stdout.text() + result.stderr.text()).strip()
    ended = "" if result.status is Status.FAILED else f"[{result.status.value}] "
    return ended + words[-_DETAIL:]
