"""A cloned repository that was made to do harm, met by every tool that reads and writes."""

import os
import subprocess

import pytest
from support.tool_calls import PolicyAlone, called, failure, surroundings

from demiurgic.tools.edit import EditTool
from demiurgic.tools.list_files import ListTool
from demiurgic.tools.read import ReadTool
from demiurgic.tools.rewrite import RewriteTool
from demiurgic.tools.search import SearchTool
from demiurgic.tools.write import WriteTool

SECRET = "the secret outside"


@pytest.fixture
def around(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "id_rsa").write_text(SECRET)
    (outside / "run.py").write_text(f"def go():\n    return '{SECRET}'\n")
    root = tmp_path / "cloned"
    root.mkdir()
    (root / "link").symlink_to("../outside/id_rsa")
    (root / "code.py").symlink_to("../outside/run.py")
    (root / "folder").symlink_to("../outside")
    (root / "ring").symlink_to("ring")
    (root / "\x1b]0;owned\x07.py").write_text("x = 1\n")
    (root / "a\nb.py").write_text("x = 2\n")
    (root / "\u202eyp.exe").write_text("x = 3\n")
    (root / os.fsdecode(b"\xff\xfe")).write_text("x = 4\n")
    os.mkfifo(root / "fifo")
    with (root / "sparse").open("wb") as file:
        file.truncate(1 << 30)
    (root / ".gitignore").write_text("*a" * 200 + "\n" + "**/" * 200 + "x\n")
    (root / ".gitattributes").write_text("* filter=evil\n")
    subprocess.run(["git", "init", "-q", root], check=True)
    with (root / ".git" / "config").open("a") as config:
        config.write(f'[core]\n\tfsmonitor = "touch {outside}/ran"\n[filter "evil"]\n\tclean = "touch {outside}/ran"\n')
    deep = "/".join(["d"] * 5000)
    around = surroundings(root, sandbox=PolicyAlone(root))
    around.workspace.write(f"{deep}/end.py", b"x = 5\n")
    yield around
    subprocess.run(["rm", "-rf", root], check=True)


@pytest.mark.slow
def test_nothing_is_read_or_written_outside_nothing_hangs_and_nothing_misleads(around):
    outside = around.workspace.root.parent / "outside"
    before = {path.name: path.read_bytes() for path in outside.iterdir()}
    listing = called(ListTool(), around).text
    found = called(SearchTool(), around, pattern="x =|secret").text
    for text in (listing, found):
        assert SECRET not in text
        assert all(char.isprintable() or char == "\n" for char in text)
        assert text.encode()
        assert "\\x1b]0;owned\\x07.py" in text
    assert "end.py" in found
    for path in ("link", "code.py", "folder/run.py", "folder/new.py"):
        for tool, arguments in (
            (WriteTool(), {"content": "x"}),
            (EditTool(), {"old": "secret", "new": "x"}),
            (RewriteTool(), {"name": "go", "code": "def go():\n    pass"}),
        ):
            assert "out" in failure(tool, around, path=path, **arguments)
    for path in ("ring", "fifo", "sparse"):
        assert failure(ReadTool(), around, path=path)
        assert failure(WriteTool(), around, path=path, content="x")
    assert {path.name: path.read_bytes() for path in outside.iterdir()} == before, "git was made to run something"


@pytest.mark.slow
def test_files_with_names_of_all_kinds_can_be_worked_on_as_they_are_shown(around):
    for number, name in enumerate(("\\x1b]0;owned\\x07.py", "a\\nb.py", "\\u202eyp.exe", "\\xff\\xfe"), 1):
        assert called(ReadTool(), around, path=name).text == f"1\tx = {number}"
        outcome = called(EditTool(), around, path=name, old="x =", new="y =")
        assert outcome.text == f"Edited {name}, line 1."
        assert around.workspace.read(outcome.wrote[0]) == f"y = {number}\n".encode()
