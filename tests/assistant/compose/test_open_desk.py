"""A desk as users open it, in a folder that was cloned."""

import os
import sys
from pathlib import Path

import pytest
from support.desks import Answers, call, scripted

from demiurgic.agent.events import ToolFinished
from demiurgic.compose.desk import open_desk
from demiurgic.config import HookSetting, Settings

NOTE = "import json, os, sys; print('mine:', json.load(sys.stdin)['tool'], 'in', os.environ['DEMIURGIC_PROJECT'])"


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.mark.parametrize("command", [("noted",), ("python3", "-c", NOTE)], ids=["program", "module"])
def test_hooks_are_the_users_and_nothing_that_lies_in_the_project(tmp_path: Path, command: tuple[str, ...]):
    project, bin_folder = tmp_path / "project", tmp_path / "bin"
    program(project / "noted", "#!/bin/sh\necho theirs\n")
    program(project / "python3", "#!/bin/sh\necho theirs\n")
    program(project / "json.py", "print('theirs')\n")
    (project / "a.txt").write_text("x")
    program(bin_folder / "noted", f"#!{sys.executable} -I\n{NOTE}\n")
    settings = Settings(
        sandbox="process",
        state_dir=tmp_path / "state",
        hooks=(HookSetting("after", command),),
        environment=(("PATH", f":.:{bin_folder}:{os.environ['PATH']}"),),
    )
    desk = open_desk(
        settings, project, Answers(), open_model=lambda _, name: scripted(call("read", path="a.txt"), "Done.")
    )
    try:
        (read,) = (event for event in desk.say("read it") if isinstance(event, ToolFinished))
    finally:
        desk.close()
    assert f"mine: read in {project}" in read.text
    assert "theirs" not in read.text
