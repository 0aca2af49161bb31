"""A search by the real ripgrep, held against our own, and runs of it that come to nothing."""

import os
import shutil
import subprocess

import pytest
from support.tool_calls import surroundings

from demiurgic.errors import SandboxError
from demiurgic.sandbox.protocol import Captured, Policy, Result, Status
from demiurgic.tools.choosing import chosen
from demiurgic.tools.found import Found
from demiurgic.tools.ripgrep import ripgrep
from demiurgic.tools.searching import search_files, understood

RIPGREP = shutil.which("rg", path="/usr/bin:/usr/local/bin") or "rg (Debian: apt-get install ripgrep)"


class Barrier:
    """A sandbox that keeps nothing in: it runs ripgrep from this environment, or answers as it is told."""

    def __init__(self, root, answer=None):
        self.policy = Policy(root, hidden=(".env",))
        self._answer = answer

    def run(self, command, on_output=None, cancel=None):
        if isinstance(self._answer, Exception):
            raise self._answer
        if self._answer:
            return self._answer
        argv = [RIPGREP, *command.argv[1:]]
        done = subprocess.run(
            argv, cwd=self.policy.workspace, capture_output=True, stdin=subprocess.DEVNULL, check=False
        )
        status = Status.OK if done.returncode == 0 else Status.FAILED
        return result(status, done.returncode, done.stdout, done.stderr)


def result(status, code, stdout=b"", stderr=b"", dropped=0):
    streams = Captured(stdout, dropped=dropped), Captured(stderr)
    return Result(status, code, None, *streams, 0.0, 0.0, 0, "none", frozenset())


@pytest.fixture
def root(tmp_path):
    for name, data in {
        b"a.py": b"import os\ndef first(): ...\n",
        b"b/c.py": b"x\ndef second(): ...\r\n",
        b"b/d.txt": "caf\u00e9 def\n".encode("cp1252"),
        b"b/\xff.py": b"def odd(): ...\n",
        b"many.py": b"def one\n" * 120,
        b"long.js": b"x" * 5000 + b"def" + b"y" * 5000,
        b"build/out.py": b"def built(): ...\n",
        b".gitignore": b"build/\n",
        b".ignore": b"a.py\n",
        b".env": b"def=SECRET\n",
        b".git/config": b"def\n",
    }.items():
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    (tmp_path / "link.py").symlink_to("a.py")
    return tmp_path


@pytest.mark.parametrize("pattern", ["def", r"def \w+\(", "def (", "nothing at all", "d.f"])
@pytest.mark.parametrize(("folder", "glob"), [(".", ""), ("b", ""), (".", "*.py"), ("b", "*.{py,txt}"), ("a.py", "")])
def test_it_finds_what_our_own_search_finds(root, pattern, folder, glob):
    around = surroundings(root, sandbox=Barrier(root))
    choice = chosen(around, folder, glob)
    expression, literal = understood(pattern)
    ours = search_files(choice, expression, around.cancel, lambda: None)
    theirs = ripgrep(choice, pattern, around, literal=literal)
    assert sorted(theirs.files, key=lambda one: one.path) == sorted(ours.files, key=lambda one: one.path)


@pytest.mark.parametrize(
    "answer",
    [
        result(Status.FAILED, 127, stderr=b"rg: not found"),
        result(Status.FAILED, 2, stderr=b"regex parse error"),
        result(Status.OUTPUT_LIMIT, None),
        result(Status.OK, 0, stdout=b'{"type":', dropped=10),
        SandboxError("no sandbox today"),
    ],
)
def test_a_run_that_comes_to_nothing_leaves_the_search_to_us(root, answer):
    around = surroundings(root, sandbox=Barrier(root, answer))
    assert ripgrep(chosen(around, ".", ""), "def", around, literal=False) is None


def test_what_takes_long_is_left_to_it_once_and_finished_by_us_where_it_cannot(root):
    around = surroundings(root, sandbox=Barrier(root))
    choice = chosen(around, ".", "")
    expression, _ = understood("def")
    theirs = Found(searched=12345)
    assert search_files(choice, expression, around.cancel, lambda: theirs, soon=0) is theirs
    assert search_files(choice, expression, around.cancel, lambda: theirs).searched < 100
    for number in range(200):
        (root / f"more{number}").write_text("def")
    asked = []
    ours = search_files(choice, expression, around.cancel, lambda: asked.append(1), soon=0)
    assert asked == [1]
    assert len(ours.files) > 200
