"""What only the user may let a model read: no tool tells of it before the user was asked."""

from pathlib import Path

import pytest
from support.desks import Answers, call, equipment, scripted
from support.tool_calls import PolicyAlone

from demiurgic.agent.agent import Agent
from demiurgic.agent.events import Answer, ToolFinished
from demiurgic.agent.permissions.permissions import Permissions
from demiurgic.modes import Mode
from demiurgic.tools.rewrite import RewriteTool
from demiurgic.tools.sets import tool_set

SECRET = "TOKEN=hunter2\ndef hunter3(): pass\n"
REWRITE = call("rewrite", path="private/a.py", code="def gone(): pass").replace('"code"', '"name": "gone", "code"')
NO = Answer("deny")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    for name in (".env.local", "keys/server.key", "sub/.npmrc", "private/a.py", "open.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("TOKEN=public\n" if name == "open.py" else SECRET)
    (folder / ".demiurgic").mkdir()
    (folder / ".demiurgic" / "rules.toml").write_text('[[rule]]\ndecision = "deny"\ntool = "*"\npath = "private/"\n')
    return folder


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    "step",
    [
        call("search", pattern="TOKEN|hunter"),
        call("search", pattern="hunter", path="keys"),
        call("search", pattern="hunter", glob="*.py"),
        call("search", pattern="hunter", path="private"),
        call("edit", path=".env.local", old="TOKEN=1\n", new="TOKEN=2\n"),
        call("edit", path="private/a.py", old="TOKEN=1\n", new="TOKEN=2\n"),
        REWRITE,
        call("read", path="private/a.py"),
        call("read", path="keys/server.key"),
    ],
)
def test_no_tool_tells_what_the_user_was_not_asked_for(project: Path, tmp_path: Path, step: str, mode: Mode):
    judge = Permissions(tmp_path / "state", project, mode, "namespace")
    tools = (*tool_set(None), RewriteTool())
    parts = {"judge": judge, "approver": Answers(NO), "sandbox": PolicyAlone(project), "tools": tools}
    agent = Agent(equipment(project, scripted(step, "Done."), **parts))
    [finished] = [event for event in agent.turn("go") if isinstance(event, ToolFinished)]
    assert "hunter" not in finished.text


def test_what_nobody_must_be_asked_for_is_found(project: Path, tmp_path: Path):
    judge = Permissions(tmp_path / "state", project, Mode.PLAN, "namespace")
    steps = call("search", pattern="TOKEN"), call("edit", path="open.py", old="TOKEN=1\n", new="x"), "Done."
    agent = Agent(equipment(project, scripted(*steps), judge=judge, sandbox=PolicyAlone(project)))
    found, refused = [event.text for event in agent.turn("go") if isinstance(event, ToolFinished)]
    assert found == "open.py\n1: TOKEN=public"
    assert "TOKEN=public" in refused
