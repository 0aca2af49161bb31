"""Calls that must name a file that exists are held to those that do."""

from pathlib import Path

import jsonschema
import pytest
from support.engines import opened

from demiurgic.agent.existing import narrowed
from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import Named, ReplyOptions
from demiurgic.events import ReplyEnded
from demiurgic.messages import User
from demiurgic.templates.chatml import ChatML
from demiurgic.templates.protocol import Vocabulary
from demiurgic.tools.sets import SMALL, TINY, tool_set
from demiurgic.workspace.beneath import LocalWorkspace

TOOLS = tool_set(SMALL)
CALLS = {"edit": {"old": "a", "new": "b"}, "rewrite": {"name": "f", "code": "x"}, "read": {}}


def fits(folder: Path, name: str, path: str) -> bool:
    bound = {tool.name: tool for tool in narrowed(TOOLS, LocalWorkspace(folder))}
    spec = bound[name]
    given = dict.fromkeys(spec.parameters["required"], "x") | {"path": path}
    return jsonschema.Draft202012Validator(spec.parameters).is_valid(given)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("a.py", "sub/b (1).py", "ünï.txt", "node_modules/x/index.js", "line\nbreak.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x\n")
    (tmp_path / ".gitignore").write_text("node_modules\n")
    return tmp_path


@pytest.mark.parametrize("name", ["read", "edit", "rewrite"])
@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("a.py", True),
        ("sub/b (1).py", True),
        ("ünï.txt", True),
        (".gitignore", True),
        ("node_modules/x/index.js", True),  # not looked into
        ("/etc/hosts", True),  # asked about
        ("~/notes.txt", True),
        ("../other/a.py", True),
        ("b.py", False),
        ("./a.py", False),
        ("sub", False),
        ("node_modulesx", False),
    ],
)
def test_only_what_is_there_can_be_named(project: Path, name: str, path: str, may: bool):
    assert fits(project, name, path) is may


def test_what_need_not_exist_is_free(project: Path):
    assert {tool.name for tool in narrowed(TOOLS, LocalWorkspace(project))} == {"read", "edit", "rewrite"}
    smallest = narrowed(tool_set(TINY - 1), LocalWorkspace(project))
    assert {tool.name for tool in smallest} == {"read", "rewrite", "rename"}


def test_nothing_is_bound_where_there_is_nothing_or_too_much(tmp_path: Path):
    assert not narrowed(TOOLS, LocalWorkspace(tmp_path))
    for number in range(301):
        (tmp_path / f"{number}.txt").touch()
    assert not narrowed(TOOLS, LocalWorkspace(tmp_path))


def test_a_model_can_only_write_such_names(project: Path, smollm2: Path):
    bound = narrowed(TOOLS, LocalWorkspace(project))
    with opened(smollm2, context=4096) as engine:
        chat = LocalChat(engine, ChatML(Vocabulary(engine.facts.markers)), "smollm2")
        for seed in range(5):
            options = ReplyOptions(
                tool_choice=Named("read"),
                narrowed=bound,
                temperature=1.5,
                seed=seed,
                parallel_calls=False,
                max_tokens=400,  # a number may have any length
            )
            reply = chat.reply([User("Show me main.c")], [tool.spec for tool in TOOLS], options)
            ended = [event for event in reply if isinstance(event, ReplyEnded)][-1]
            for call in ended.message.calls:
                assert fits(project, "read", call.arguments["path"]), call
