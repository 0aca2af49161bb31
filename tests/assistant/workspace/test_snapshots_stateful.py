"""Anything that can happen to a folder, in any order: going back restores every byte."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from support.pictures import picture

from demiurgic.workspace.snapshots.scan import TEMPORARY
from demiurgic.workspace.snapshots.store import Places, Snapshots

NAMES = st.sampled_from(
    ["a", "b", "ab.py", ".hidden", "café", "\udcff", 'q"\\\n', ".gitmodules", ".gitattributes", "x y"]
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
CONTENTS = st.one_of(st.binary(max_size=40), st.sampled_from([b"a\r\nb\n", b"* filter=evil\n", b"same", b"diff"]))
FILE_MODES = st.sampled_from([0o644, 0o600, 0o755, 0o700, 0o444, 0o4755, 0o666])
FOLDER_MODES = st.sampled_from([0o755, 0o700, 0o775])
HERE = {"PATH": os.environ["PATH"]}


class Folder(RuleBasedStateMachine):
    states = Bundle("states")

    @initialize()
    def begin(self):
        self.place = Path(tempfile.mkdtemp())
        self.root = self.place / "project"
        self.root.mkdir()
        self.snapshots = Snapshots(Places(self.root, self.place / "state", HERE["PATH"]))
        self.pictures: dict[str, dict[bytes, tuple[int, bytes]]] = {}

    def teardown(self):
        shutil.rmtree(self.place)

    @rule(path=PATHS, content=CONTENTS, mode=FILE_MODES)
    def write(self, path: str, content: bytes, mode: int):
        target = self.root / path
        with contextlib.suppress(FileExistsError, NotADirectoryError, IsADirectoryError):
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.is_symlink():
                target.write_bytes(content)
                target.chmod(mode)

    @rule(path=PATHS)
    def delete(self, path: str):
        target = self.root / path
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        elif target.is_symlink() or target.is_file():
            target.unlink()

    @rule(path=PATHS, mode=FOLDER_MODES)
    def make_folder(self, path: str, mode: int):
        with contextlib.suppress(FileExistsError, NotADirectoryError):
            (self.root / path).mkdir(parents=True)
            (self.root / path).chmod(mode)

    @rule(path=PATHS, mode=FILE_MODES)
    def change_mode(self, path: str, mode: int):
        target = self.root / path
        if target.is_file() and not target.is_symlink():
            target.chmod(mode)

    @rule(one=PATHS, two=PATHS)
    def rename(self, one: str, two: str):
        with contextlib.suppress(OSError):
            (self.root / one).rename(self.root / two)

    @rule(path=PATHS, to=st.sampled_from(["a", "/etc/passwd", "..", "\udcff", "nowhere"]))
    def link(self, path: str, to: str):
        with contextlib.suppress(OSError):
            (self.root / path).symlink_to(to)

    @rule(target=states)
    def take(self):
        name = self.snapshots.take().name
        self.pictures[name] = picture(self.root)
        return name

    @rule(target=states, name=states)
    def go_back(self, name: str):
        now = picture(self.root)
        foreseen = self.snapshots.preview(name)
        back = self.snapshots.restore(name)
        assert back.changes == foreseen
        assert picture(self.root) == self.pictures[name]
        assert self.snapshots.preview(name) == ()
        self.pictures[back.before] = now
        return back.before

    @invariant()
    def nothing_is_left_beside(self):
        if hasattr(self, "root"):
            assert not list(self.root.rglob(f"{TEMPORARY}*"))


Folder.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
TestFolder = Folder.TestCase
