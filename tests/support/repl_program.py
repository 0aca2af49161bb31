"""The REPL as a program of its own, with a scripted model: `python repl_program.py SCRIPT.json [FIRST]`.

The script is {"replies": [{"text": ..., "reasoning": ..., "calls": [[name, arguments], ...]}, ...], "mode": ...,
"reading": seconds, "piece": seconds, "opening": seconds, "broken": message}. All keys may be left out.
"""

import json
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from support.scripted_chat import Pace, ScriptedChat

from demiurgic.agent.desk import Desk, Premises
from demiurgic.agent.equipment import Equipment
from demiurgic.agent.hooks import Hooks
from demiurgic.agent.permissions.permissions import Permissions
from demiurgic.agent.sessions.shelf import Shelf
from demiurgic.compose import open_chat
from demiurgic.config import load_settings
from demiurgic.errors import DemiurgicError, UserError
from demiurgic.messages import Assistant, ToolCall
from demiurgic.modes import Mode
from demiurgic.repl.app import run_repl
from demiurgic.sandbox.process import ProcessSandbox
from demiurgic.sandbox.protocol import Policy
from demiurgic.tools.sets import tool_set
from demiurgic.workspace.beneath import LocalWorkspace
from demiurgic.workspace.snapshots.store import Places, Snapshots


def replies_of(script):
    for number, reply in enumerate(script.get("replies", ())):
        calls = [ToolCall(f"call-{number}-{n}", name, given) for n, (name, given) in enumerate(reply.get("calls", ()))]
        yield Assistant(reply.get("text", ""), reply.get("reasoning", ""), tuple(calls))


def open_desk(script, settings, folder, approver):
    time.sleep(script.get("opening", 0))
    if "broken" in script:
        raise UserError(script["broken"])
    belongings = ExitStack()
    sandbox = ProcessSandbox(Policy(folder))
    belongings.callback(sandbox.close)
    model = ScriptedChat(list(replies_of(script)), Pace(script.get("reading", 0), script.get("piece", 0)))
    equipment = Equipment(
        model=model,
        system="You are a script.",
        tools={tool.spec.name: tool for tool in tool_set(None)},
        workspace=LocalWorkspace(folder),
        sandbox=sandbox,
        kernel=sandbox.kernel,
        judge=Permissions(settings.state_dir, folder, Mode(script.get("mode", "ask")), "process"),
        approver=approver,
        hooks=Hooks((), folder, {}),
    )
    snapshots = Snapshots(Places(folder, settings.state_dir, dict(settings.environment)["PATH"]))
    shelf = Shelf(settings.state_dir, folder)
    return Desk(
        equipment,
        Premises(shelf, snapshots, lambda name: replace(equipment, model=open_chat(settings, name)), belongings),
    )


def main():
    script = json.loads(Path(sys.argv[1]).read_text())
    folder = Path.cwd()
    settings = load_settings(folder)
    try:
        return run_repl(
            lambda approver: open_desk(script, settings, folder, approver), settings, (sys.argv[2:] or [None])[0]
        )
    except DemiurgicError as error:
        sys.stderr.write(f"demiurgic: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
