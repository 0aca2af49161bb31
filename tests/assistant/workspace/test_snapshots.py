"""States of a folder: what is in them, what going back changes, and what it leaves alone."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from support.pictures import picture

from demiurgic.errors import WorkspaceError
from demiurgic.workspace.snapshots.memory import rested
from demiurgic.workspace.snapshots.scan import Limits
from demiurgic.workspace.snapshots.state import Change, ChangeKind, Why
from demiurgic.workspace.snapshots.store import Places, Snapshots

PATH = os.environ["PATH"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def snapshots(root: Path, tmp_path: Path) -> Snapshots:
    return Snapshots(Places(root, tmp_path / "state", PATH))


@pytest.fixture
def open_folder():
    """A folder that other users can reach."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def git(folder: Path, *arguments: str) -> str:
    clean = {"PATH": PATH, "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=n", "-c", "user.email=e")
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, env=clean, check=True, capture_output=True, text=True
    ).stdout


def test_everything_comes_back(root: Path, snapshots: Snapshots):
    (root / "src/deep").mkdir(parents=True)
    (root / "src/a.py").write_bytes(b"one\r\ntwo\n\r\x00\xff")
    (root / "src/deep/run.sh").write_text("#!/bin/sh\n")
    (root / "src/deep/run.sh").chmod(0o751)
    (root / "empty/er").mkdir(parents=True)
    (root / "empty").chmod(0o700)
    (root / "link").symlink_to("/etc/passwd")
    (root / "dangling").symlink_to("src/nothing")
    (root / ".gitmodules").symlink_to("src/a.py")
    (root / "nothing").write_bytes(b"")
    for name in (b"\xff\xfe raw", b'quo"te\\', b"new\nline", b" spaces ", b"-dash", "ünïcode 文".encode()):
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(name)
    before = picture(root)
    saved = snapshots.take()
    assert saved.left == {}
    assert snapshots.preview(saved.name) == ()
    for child in root.iterdir():
        shutil.rmtree(child) if child.is_dir() and not child.is_symlink() else child.unlink()
    (root / "src").write_text("a file now")
    (root / "nothing/at/all").mkdir(parents=True)
    (root / "nothing/at/all/new").write_text("new")
    after = picture(root)
    back = snapshots.restore(saved.name)
    assert picture(root) == before
    snapshots.restore(back.before)
    assert picture(root) == after


def test_the_preview_says_what_going_back_does(root: Path, snapshots: Snapshots):
    for name in ("kept", "edited", "removed", "moded"):
        (root / name).write_text(name)
    (root / "folder").mkdir()
    saved = snapshots.take()
    (root / "edited").write_text("otherwise")
    (root / "removed").unlink()
    (root / "moded").chmod(0o700)
    (root / "made").write_text("new")
    (root / "folder").rmdir()
    (root / "other").mkdir()
    foreseen = snapshots.preview(saved.name)
    assert foreseen == (
        Change("edited", ChangeKind.CHANGED),
        Change("folder", ChangeKind.CREATED),
        Change("made", ChangeKind.DELETED),
        Change("moded", ChangeKind.MODE),
        Change("other", ChangeKind.DELETED),
        Change("removed", ChangeKind.CREATED),
    )
    assert snapshots.restore(saved.name).changes == foreseen
    assert snapshots.preview(saved.name) == ()


def test_what_the_user_did_meanwhile_can_be_had_back(root: Path, snapshots: Snapshots):
    (root / "a").write_text("at first")
    before = snapshots.take()
    (root / "a").write_text("by the agent")
    after = snapshots.take()
    assert snapshots.preview(after.name) == ()
    (root / "a").write_text("by the user")
    assert snapshots.preview(after.name) == (Change("a", ChangeKind.CHANGED),)
    back = snapshots.restore(before.name)
    assert (root / "a").read_text() == "at first"
    snapshots.restore(back.before)
    assert (root / "a").read_text() == "by the user"


def test_a_state_that_did_not_change_is_saved_once(root: Path, snapshots: Snapshots):
    (root / "a").write_text("a")
    first = snapshots.take()
    assert snapshots.take().name == first.name
    (root / "a").write_text("b")
    assert snapshots.take().name > first.name
    assert len(snapshots.names()) == 2


def test_a_write_right_after_a_snapshot_is_seen(root: Path, snapshots: Snapshots):
    """Same size, and perhaps the same time by the file system's clock."""
    for number in range(20):
        (root / "a").write_text(f"{number:04d}")
        saved = snapshots.take()
        (root / "a").write_text("xxxx")
        snapshots.restore(saved.name)
        assert (root / "a").read_text() == f"{number:04d}"


@pytest.mark.parametrize(
    ("changed", "trusted"),
    [(0, False), (-0.02, False), (-0.2, True), (-0.2 - 0.000_000_5, True), (5, False)],
)
def test_times_are_trusted_only_after_a_rest(root: Path, changed: float, trusted: bool):
    """A clock that ticks slower than files are written would hide a write that follows at once."""
    (root / "a").touch()
    written = (root / "a").stat()
    now = written.st_ctime_ns - round(changed * 1e9)
    assert rested(written, now) is trusted
    coarse = 1_700_000_000_000_000_000
    os.utime(root / "a", ns=(coarse, coarse))
    assert not rested((root / "a").stat(), (root / "a").stat().st_ctime_ns + 2)


def test_ignored_files_are_left_alone(root: Path, snapshots: Snapshots):
    (root / ".gitignore").write_text("*.log\n/build/\n!kept.log\n")
    (root / "build").mkdir()
    for name in ("a.log", "kept.log", "build/out"):
        (root / name).write_text("before")
    saved = snapshots.take()
    assert saved.left == {"a.log": Why.IGNORED, "build": Why.IGNORED}
    for name in ("a.log", "kept.log", "build/out", "build/more"):
        (root / name).write_text("after")
    snapshots.restore(saved.name)
    assert [(root / name).read_text() for name in ("a.log", "kept.log", "build/out", "build/more")] == [
        "after",
        "before",
        "after",
        "after",
    ]


def test_a_changed_gitignore_costs_the_user_nothing(root: Path, snapshots: Snapshots):
    (root / ".gitignore").write_text("secret\n")
    (root / "secret").write_text("the user's")
    (root / "plain").write_text("before")
    saved = snapshots.take()
    (root / ".gitignore").write_text("plain\n")
    (root / "plain").write_text("after")
    back = snapshots.restore(saved.name)
    assert (root / "secret").read_text() == "the user's"
    assert (root / "plain").read_text() == "before"
    snapshots.restore(back.before)
    assert (root / "plain").read_text() == "after"


def test_ignored_files_that_the_agent_touched_are_saved(root: Path, snapshots: Snapshots):
    (root / ".gitignore").write_text("*.local\n/build/\n")
    (root / "build").mkdir()
    (root / "build/theirs").write_text("the user's")
    (root / "a.local").write_text("first")
    start = snapshots.take()
    step = snapshots.take(["a.local", "build/mine", "b.local"])
    (root / "a.local").write_text("second")
    (root / "b.local").write_text("new")
    (root / "build/mine").write_text("new")
    (root / "build/theirs").write_text("changed by a compiler")
    late = snapshots.take()
    assert {change.path for change in snapshots.preview(step.name)} == {"a.local", "b.local", "build/mine"}
    (root / "a.local").write_text("third")
    for saved in (step, start):
        snapshots.restore(saved.name)
        assert (root / "a.local").read_text() == "first"
        assert not (root / "b.local").exists()
        assert not (root / "build/mine").exists()
        assert (root / "build/theirs").read_text() == "changed by a compiler"
        snapshots.restore(late.name)
        assert (root / "a.local").read_text() == "second"
        assert (root / "build/mine").read_text() == "new"


def test_a_folder_that_the_agent_touches_is_saved_whole(root: Path, snapshots: Snapshots):
    (root / ".gitignore").write_text("*.o\n/cache/\n")
    for name in ("src/a.c", "src/a.o", "cache/deep/x"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("before")
    before = picture(root)
    start = snapshots.take()
    snapshots.take(["src", "cache"])
    shutil.rmtree(root / "src")
    shutil.rmtree(root / "cache")
    snapshots.restore(start.name)
    assert picture(root) == before


def test_ignored_files_that_the_repository_tracks_are_saved(root: Path, snapshots: Snapshots):
    (root / "build").mkdir()
    for name in ("a.log", "b.log", "build/keep"):
        (root / name).write_text("before")
    git(root, "init", "--quiet")
    git(root, "add", "a.log", "build/keep")
    (root / ".gitignore").write_text("*.log\n/build/\n")
    saved = snapshots.take()
    for name in ("a.log", "b.log", "build/keep"):
        (root / name).write_text("after")
    snapshots.restore(saved.name)
    assert [(root / name).read_text() for name in ("a.log", "b.log", "build/keep")] == ["before", "after", "before"]


def test_rules_of_the_repository_around_the_folder_hold(root: Path, tmp_path: Path):
    git(root, "init", "--quiet")
    (root / ".gitignore").write_text("/packages/*/out/\n*.tmp\n")
    inner = root / "packages/one"
    (inner / "out").mkdir(parents=True)
    (inner / "a.tmp").write_text("")
    (inner / "a.py").write_text("")
    saved = Snapshots(Places(inner, tmp_path / "state", PATH)).take()
    assert saved.left == {"out": Why.IGNORED, "a.tmp": Why.IGNORED}
    (root / ".gitignore").write_text("/packages/\n")
    assert Snapshots(Places(inner, tmp_path / "state", PATH)).take().left == {}


def test_large_files_are_left_out_unless_touched(root: Path, tmp_path: Path):
    snapshots = Snapshots(Places(root, tmp_path / "state", PATH), Limits(file_size=1000))
    (root / "large").write_bytes(b"x" * 1001)
    start = snapshots.take()
    assert start.left == {"large": Why.LARGE}
    (root / "large").write_bytes(b"y" * 1001)
    snapshots.restore(start.name)
    assert (root / "large").read_bytes() == b"y" * 1001
    touched = snapshots.take(["large"])
    assert touched.left == {}
    (root / "large").unlink()
    snapshots.restore(start.name)
    assert (root / "large").read_bytes() == b"y" * 1001


def test_a_file_that_grew_too_large_is_saved_before_it_goes(root: Path, tmp_path: Path):
    snapshots = Snapshots(Places(root, tmp_path / "state", PATH), Limits(file_size=1000))
    (root / "a").write_bytes(b"x")
    saved = snapshots.take()
    (root / "a").write_bytes(b"x" * 2000)
    back = snapshots.restore(saved.name)
    assert (root / "a").read_bytes() == b"x"
    snapshots.restore(back.before)
    assert (root / "a").read_bytes() == b"x" * 2000


def test_more_bytes_than_are_held_in_memory(root: Path, tmp_path: Path):
    snapshots = Snapshots(Places(root, tmp_path / "state", PATH), Limits(in_memory=3 << 20))
    contents = {f"f{number}": os.urandom(2 << 20) for number in range(3)}
    for name, content in contents.items():
        (root / name).write_bytes(content)
    saved = snapshots.take()
    for name in contents:
        (root / name).write_bytes(b"gone")
    snapshots.restore(saved.name)
    assert all((root / name).read_bytes() == content for name, content in contents.items())


def test_ignored_files_in_the_place_of_a_file_are_saved_before_they_go(root: Path, snapshots: Snapshots):
    (root / "thing").write_text("a file")
    saved = snapshots.take()
    (root / "thing").unlink()
    (root / "thing").mkdir()
    (root / ".gitignore").write_text("*.o\n")
    (root / "thing/x.o").write_text("built")
    back = snapshots.restore(saved.name)
    assert (root / "thing").read_text() == "a file"
    snapshots.restore(back.before)
    assert (root / "thing/x.o").read_text() == "built"


def test_what_cannot_be_saved_is_not_deleted(root: Path, tmp_path: Path):
    snapshots = Snapshots(Places(root, tmp_path / "state", PATH), Limits(file_size=1000))
    (root / "thing").write_text("a file")
    saved = snapshots.take()
    (root / "thing").unlink()
    (root / "thing").mkdir()
    (root / "thing/large").write_bytes(b"x" * 2000)
    (root / "large").write_bytes(b"x" * 2000)
    back = snapshots.restore(saved.name)
    assert back.blocked == ("thing",)
    assert (root / "thing/large").exists()
    assert (root / "large").exists()


def test_paths_outside_are_no_concern(root: Path, snapshots: Snapshots):
    (root.parent / "outside").write_text("private")
    (root / "a").write_text("a")
    assert snapshots.take(["../outside", "/etc/passwd", "", ".", "./b/../c"]).left == {}


def test_pipes_and_sockets_are_no_obstacle(root: Path, snapshots: Snapshots):
    (root / "a").write_text("a")
    (root / "b").mkdir()
    (root / "b/c").write_text("c")
    os.mkfifo(root / "pipe")
    saved = snapshots.take()
    assert saved.left == {"pipe": Why.SPECIAL}
    (root / "a").unlink()
    os.mkfifo(root / "a")
    shutil.rmtree(root / "b")
    os.mkfifo(root / "b")
    os.mkfifo(root / ".gitignore")
    snapshots.restore(saved.name)
    assert (root / "a").read_text() == "a"
    assert (root / "b/c").read_text() == "c"
    assert stat.S_ISFIFO((root / "pipe").stat().st_mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="the test drops its rights")
def test_folders_that_forbid_writing_are_restored_by_an_ordinary_user(open_folder: Path):
    root = open_folder / "project"
    (root / "locked/deep").mkdir(parents=True)
    (root / "locked/deep/a").write_text("before")
    (root / "locked/b").write_text("before")
    (root / "locked/deep").chmod(0o555)
    (root / "locked").chmod(0o500)
    for path in (open_folder, *open_folder.rglob("*")):
        os.chown(path, 65534, 65534)
    before = picture(root)
    body = f"""
import os, shutil
from pathlib import Path
from demiurgic.workspace.snapshots.store import Places, Snapshots
import filelock._soft, heapq, secrets, tempfile  # from a home folder that is closed to others
os.setgroups([]); os.setgid(65534); os.setuid(65534)
snapshots = Snapshots(Places(Path({str(root)!r}), Path({str(open_folder / "state")!r}), {PATH!r}))
saved = snapshots.take()
locked = Path({str(root / "locked")!r})
locked.chmod(0o700); (locked / "deep").chmod(0o700)
(locked / "deep/a").write_text("after"); (locked / "b").unlink(); (locked / "c").write_text("new")
(locked / "deep").chmod(0o555); locked.chmod(0o500)
snapshots.restore(saved.name)
"""
    subprocess.run([sys.executable, "-c", body], check=True)
    assert picture(root) == before


def test_the_states_themselves_are_never_saved(tmp_path: Path):
    """The home folder as a workspace holds the folder in which its own states are kept."""
    root = tmp_path / "home"
    (root / ".local/state").mkdir(parents=True)
    (root / "a").write_text("a")
    snapshots = Snapshots(Places(root, root / ".local/state/demiurgic", PATH))
    saved = snapshots.take()
    assert snapshots.take().name == saved.name
    (root / "a").write_text("b")
    snapshots.restore(saved.name)
    assert (root / "a").read_text() == "a"
    assert len(snapshots.names()) == 2


def test_old_states_go_and_their_bytes_with_them(root: Path, snapshots: Snapshots, tmp_path: Path):
    (root / "a").write_bytes(os.urandom(1 << 20))
    old = snapshots.take()
    (root / "a").write_bytes(os.urandom(1 << 20))
    snapshots.take()
    (root / "a").write_text("now")
    latest = snapshots.take()
    time.sleep(0.01)
    assert snapshots.expire(3600) == 0
    assert snapshots.expire(0) == 2
    assert snapshots.names() == [latest.name]
    assert sum(file.stat().st_size for file in (tmp_path / "state").rglob("*") if file.is_file()) < 1 << 20
    with pytest.raises(WorkspaceError, match="no snapshot"):
        snapshots.restore(old.name)
    (root / "a").write_text("later")
    snapshots.restore(latest.name)
    assert (root / "a").read_text() == "now"


@pytest.mark.parametrize("name", ["", "nothing", "../x", "--all", "1-a", "HEAD"])
def test_a_name_of_nothing_is_refused(root: Path, snapshots: Snapshots, name: str):
    with pytest.raises(WorkspaceError, match="snapshot"):
        snapshots.restore(name)


def test_lost_notes_cost_nothing_but_time(root: Path, snapshots: Snapshots, tmp_path: Path):
    (root / "a").write_text("a")
    saved = snapshots.take()
    (memory,) = (tmp_path / "state").rglob("memory.json")
    for text in ("", "{", "[]", '{"version": 1}', '{"version": 99}'):
        memory.write_text(text)
        (root / "a").write_text("b")
        snapshots.restore(saved.name)
        assert (root / "a").read_text() == "a"


def test_without_git_it_is_said_what_to_install(root: Path, tmp_path: Path):
    with pytest.raises(WorkspaceError) as failed:
        Snapshots(Places(root, tmp_path / "state", str(tmp_path)))
    assert "install git" in failed.value.hint


def test_too_many_files_are_refused(root: Path, tmp_path: Path):
    snapshots = Snapshots(Places(root, tmp_path / "state", PATH), Limits(files=10))
    for number in range(11):
        (root / str(number)).touch()
    with pytest.raises(WorkspaceError, match="more than 10"):
        snapshots.take()


def test_the_second_state_of_5000_files_is_quick(root: Path, snapshots: Snapshots):
    for number in range(5000):
        path = root / f"d{number % 100}" / f"f{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"x = {number}\n" * 20)
    (root / ".gitignore").write_text("*.pyc\n__pycache__/\n/build/\nnode_modules/\n*.log\n")
    snapshots.take()
    time.sleep(0.1)
    snapshots.take()
    (root / "d1/f1.py").write_text("changed")
    took: list[float] = []
    for _ in range(3):
        start = time.perf_counter()
        snapshots.take()
        took.append(time.perf_counter() - start)
        (root / "d2/new.py").write_text(str(took))
    assert min(took) < 0.3


def test_two_workspaces_do_not_see_each_other(tmp_path: Path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir(), two.mkdir()
    first = Snapshots(Places(one, tmp_path / "state", PATH)).take()
    with pytest.raises(WorkspaceError, match="no snapshot"):
        Snapshots(Places(two, tmp_path / "state", PATH)).restore(first.name)
