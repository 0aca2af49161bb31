"""Anything that can happen to a folder, in any order: going back restores every byte."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from support.pictures import picture

from demiurgic.workspace.snapshots.scan import TEMPORARY
from demiurgic.workspace.snapshots.store import Places, Snapshots

PATHS = st.sampled_from(
    ["a", "a/b", "a/b/c", "b", "b/\udcff", ".hidden/a", "café", 'q"\\\n', ".gitmodules", "b/.gitattributes", "x y/z"]
)
CONTENTS = st.one_of(st.binary(max_size=40), st.sampled_from([b"a\r\nb\n", b"* filter=evil\n", b"same", b"diff"]))
FILE_MODES = st.sampled_from([0o644, 0o600, 0o755, 0o700, 0o444, 0o4755, 0o666])
FOLDER_MODES = st.sampled_from([0o755, 0o700, 0o775])
HERE = {"PATH": os.environ["PATH"]}


def write(root: Path, path: str, content: bytes) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    if not (root / path).is_symlink():
        (root / path).write_bytes(content)


def delete(root: Path, path: str, _: None) -> None:
    target = root / path
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink()


def make_folder(root: Path, path: str, mode: int) -> None:
    (root / path).mkdir(parents=True, exist_ok=True)
    (root / path).chmod(mode)


def change_modes(root: Path, name: str, mode: int) -> None:
    """Of all files that are called so, or something that sorts before it, wherever they lie."""
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.name <= name:
            path.chmod(mode)


def rename(root: Path, one: str, two: str) -> None:
    (root / one).rename(root / two)


def link(root: Path, path: str, to: str) -> None:
    (root / path).symlink_to(to)


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just(write), PATHS, CONTENTS),
        st.tuples(st.just(delete), PATHS, st.none()),
        st.tuples(st.just(make_folder), PATHS, FOLDER_MODES),
        st.tuples(st.just(change_modes), PATHS, FILE_MODES),
        st.tuples(st.just(rename), PATHS, PATHS),
        st.tuples(st.just(link), PATHS, st.sampled_from(["a", "/etc/passwd", "..", "\udcff", "nowhere"])),
    ),
    min_size=3,
    max_size=15,
)


class Folder(RuleBasedStateMachine):
    states = Bundle("states")

    @initialize(target=states, changes=CHANGES)
    def begin(self, changes: list[tuple[Any, ...]]):
        self.place = Path(tempfile.mkdtemp())
        self.root = self.place / "project"
        self.root.mkdir()
        self.snapshots = Snapshots(Places(self.root, self.place / "state", HERE["PATH"]))
        self.pictures: dict[str, dict[bytes, tuple[int, bytes]]] = {}
        return self.change_and_take(changes)

    def teardown(self):
        shutil.rmtree(self.place)

    @rule(target=states, changes=CHANGES)
    def change_and_take(self, changes: list[tuple[Any, ...]]):
        self.change(changes)
        name = self.snapshots.take().name
        self.pictures[name] = picture(self.root)
        return name

    @rule(target=states, name=states, changes=CHANGES)
    def change_and_go_back(self, name: str, changes: list[tuple[Any, ...]]):
        self.change(changes)
        now = picture(self.root)
        foreseen = self.snapshots.preview(name)
        back = self.snapshots.restore(name)
        assert back.changes == foreseen
        assert picture(self.root) == self.pictures[name]
        assert self.snapshots.preview(name) == ()
        self.pictures[back.before] = now
        return back.before

    def change(self, changes: list[tuple[Any, ...]]) -> None:
        for act, path, value in changes:
            with contextlib.suppress(OSError):
                act(self.root, path, value)

    @invariant()
    def nothing_is_left_beside(self):
        if hasattr(self, "root"):
            assert not list(self.root.rglob(f"{TEMPORARY}*"))


Folder.TestCase.settings = settings(
    max_examples=10, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
TestFolder = pytest.mark.slow(Folder.TestCase)
