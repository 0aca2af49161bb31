"""Disk, process tree, control groups, strays, removal and toolchains, each by itself."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demiurgic.errors import SandboxError
from demiurgic.sandbox.batch import in_order
from demiurgic.sandbox.cgroup import Group, Parents, find_parents
from demiurgic.sandbox.disk import Disk, changed
from demiurgic.sandbox.local import ended_by, judged
from demiurgic.sandbox.protocol import Limits, Status
from demiurgic.sandbox.remove import remove_tree
from demiurgic.sandbox.strays import name_prefix, sweep
from demiurgic.sandbox.toolchain import own_interpreter, project_folders
from demiurgic.sandbox.tree import Tree, descendants

KINDS = ("run", "sandbox", "probe", "masks", "image")


def test_only_what_changed_since_counts(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"x" * (1 << 20))
    time.sleep(0.1)
    since = time.time()
    time.sleep(0.1)  # the clock of files is a coarse one
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "new").write_bytes(b"x" * (2 << 20))
    (tmp_path / "link").symlink_to(tmp_path / "old")
    os.utime(tmp_path / "sub" / "new", (1, 1))
    used = changed(tmp_path, since, 1000)
    assert 2 << 20 <= used.bytes < 3 << 20
    assert used.files == 3
    assert changed(tmp_path, since, 1).files > 1


def test_sparse_files_count_as_what_they_take(tmp_path: Path) -> None:
    since = time.time() - 1
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    assert changed(tmp_path, since, 10).bytes < 1 << 20


def test_folders_that_hide_what_they_hold_count_as_too_many(tmp_path: Path) -> None:
    since = time.time() - 1
    place = os.open(tmp_path, os.O_RDONLY)
    for _ in range(400):
        os.mkdir("d", dir_fd=place)
        below = os.open("d", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    os.close(place)
    assert changed(tmp_path, since, 10_000).files > 10_000
    remove_tree(tmp_path)


def test_a_disk_that_others_fill_is_no_concern_and_what_they_clear_hides_nothing(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    disk = Disk([ours], Limits(disk=4 << 20))
    theirs.write_bytes(os.urandom(16 << 20))
    os.sync()
    assert disk.check() is None
    (ours / "f").write_bytes(os.urandom(6 << 20))
    theirs.unlink()
    os.sync()
    until = time.monotonic() + 10
    while (found := disk.check()) is None and time.monotonic() < until:
        time.sleep(0.05)
    assert found is Status.DISK_LIMIT


def test_a_tree_is_counted_to_its_leaves() -> None:
    code = "import subprocess, sys\nsubprocess.run(['sh', '-c', 'sleep 60 & sleep 60'])"
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as process:
        try:
            until = time.monotonic() + 30
            while len(descendants(process.pid)) < 3 and time.monotonic() < until:
                time.sleep(0.05)
            assert len(descendants(process.pid)) == 3
        finally:
            os.killpg(process.pid, 9)
    assert descendants(process.pid) == []


def test_shared_pages_are_counted_once() -> None:
    code = (
        "import os, time\nx = bytearray(b'x' * (60 << 20))\nfor _ in range(4):\n"
        "  if not os.fork(): time.sleep(60); os._exit(0)\nprint(flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        ["sh", "-c", f'{sys.executable} -c "$0"; true', code], stdout=-1, start_new_session=True
    ) as shell:
        try:
            assert shell.stdout is not None
            shell.stdout.readline()
            lenient, strict = (
                Tree(lambda: shell.pid, Limits(memory=200 << 20)),
                Tree(lambda: shell.pid, Limits(memory=50 << 20)),
            )
            assert lenient.check() is None
            assert 60 << 20 < lenient.peak < 200 << 20
            assert strict.check() is Status.MEMORY_LIMIT
        finally:
            os.killpg(shell.pid, 9)


def test_a_control_group_limits_and_goes() -> None:
    parents = find_parents()
    if parents is None:
        assert os.geteuid() != 0
        return
    group = parents.make(Limits(memory=64 << 20, processes=5))
    with subprocess.Popen(
        ["sh", "-c", f"read x; exec {sys.executable} -c 'x = bytearray(200 << 20)'"], stdin=-1
    ) as process:
        group.admit(process.pid)
        assert group.memory_check() is None
        process.communicate(b"\n")
    assert process.returncode == -9
    assert group.memory_check() is Status.MEMORY_LIMIT
    assert group.peak() > 32 << 20
    group.remove()
    assert not any(folder.exists() for folder in group.folders)


def test_where_no_group_can_be_made_there_is_none(tmp_path: Path) -> None:
    membership = tmp_path / "membership"
    for text in (
        "",
        "4:memory:/x\n8:pids:/y\n",
        "0::/user.slice/session-3.scope\n",
        "0::/\n",
        "nonsense without colons",
    ):
        membership.write_text(text)
        if text.startswith("nonsense"):
            continue
        assert find_parents(tmp_path / "nowhere", membership) is None


def test_the_second_version_s_words(tmp_path: Path) -> None:
    """A folder that looks like a group: what is written where, and what is read."""
    group = Group(2, tmp_path, tmp_path)
    group.limit(Limits(memory=1000, processes=7))
    assert (tmp_path / "memory.max").read_text() == "1000"
    assert (tmp_path / "memory.swap.max").read_text() == "0"
    assert (tmp_path / "pids.max").read_text() == "7"
    assert list(group.doors) == [tmp_path / "cgroup.procs"]
    (tmp_path / "memory.events").write_text("low 0\nhigh 0\nmax 3\noom 0\noom_kill 0\noom_group_kill 0\n")
    assert group.memory_check() is None
    (tmp_path / "memory.events").write_text("low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\n")
    assert group.memory_check() is Status.MEMORY_LIMIT
    (tmp_path / "memory.peak").write_text("4096\n")
    assert group.peak() == 4096


def test_a_group_that_cannot_be_made_is_the_sandbox_s_failure(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="no control group"):
        Parents(1, tmp_path / "none", tmp_path / "none").make(Limits())


def test_what_a_killed_program_left_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    names = {
        f"demiurgic-group-{dead.pid}-ab12": False,
        f"{name_prefix('group')}cd34": True,  # ours, and we live
        f"demiurgic-other-{dead.pid}-ab12": True,
        f"demiurgic-group-{dead.pid}": True,
    }
    for name in names:
        (tmp_path / name).mkdir()
    sweep([tmp_path])
    assert {name: (tmp_path / name).exists() for name in names} == names


def test_folders_of_a_killed_program_go_a_day_after() -> None:
    with subprocess.Popen(["true"]) as dead:
        dead.wait()
    old, new = ([Path(tempfile.gettempdir(), f"demiurgic-{kind}-{dead.pid}-{age}") for kind in KINDS] for age in "ab")
    for folder in (*old, *new):
        folder.mkdir()
    for folder in old:
        os.utime(folder, (0, 0))
    sweep(())
    assert [folder.exists() for folder in old] == [False] * len(KINDS)
    assert [folder.exists() for folder in new] == [True] * len(KINDS)
    for folder in new:
        folder.rmdir()


def test_whatever_a_program_made_is_removed(tmp_path: Path) -> None:
    top = tmp_path / "top"
    kept = tmp_path / "kept"
    kept.write_text("not ours")
    code = (
        "import os\nos.mkdir('closed'); open('closed/f', 'w').close(); os.symlink('../kept', 'closed/link')\n"
        "os.mkdir(b'\\xff\\n'); os.mkfifo('fifo'); open('-rf', 'w').close(); os.chmod('closed', 0)\n"
        "for _ in range(3000): os.mkdir('d'); os.chdir('d')\nopen('leaf', 'w').close()"
    )
    top.mkdir()
    subprocess.run([sys.executable, "-c", code], cwd=top, check=True)
    remove_tree(top)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_the_interpreter_of_a_virtual_environment_is_named(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / ".venv")], check=True)
    folders = project_folders(tmp_path)
    if not sys.base_prefix.startswith("/usr"):
        assert Path(sys.base_prefix, "bin") in folders
        assert set(own_interpreter()) <= set(folders)
    assert all(folder.name in ("bin", "lib", "lib64", "include") for folder in folders)


@pytest.mark.parametrize("home", ["/root/.ssh", "/etc", "relative/bin", "", "{workspace}/keys"])
def test_a_virtual_environment_that_names_other_folders_is_not_believed(tmp_path: Path, home: str) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "python3").touch()
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "pyvenv.cfg").write_text(f"home = {home.format(workspace=tmp_path)}\n")
    assert project_folders(tmp_path) == ()


@settings(deadline=None)
@given(st.lists(st.integers(), max_size=30), st.integers(1, 4))
def test_results_keep_the_order_of_what_was_given(given: list[int], at_once: int) -> None:
    def work(n: int, cancel: object) -> int:
        time.sleep(n % 3 / 1000)
        return n + 1

    assert list(in_order(given, work, at_once)) == [n + 1 for n in given]


def test_a_failure_comes_where_its_result_would() -> None:
    def work(n: int, cancel: object) -> int:
        if n == 3:
            raise SandboxError("broken")
        return n

    results = in_order(range(100), work, 2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(SandboxError):
        next(results)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (0, (0, None)),
        (1, (1, None)),
        (127, (127, None)),
        (128, (128, None)),
        (139, (None, 11)),
        (-9, (None, 9)),
        (255, (255, None)),
    ],
)
def test_codes_and_signals(code: int, told: tuple[int | None, int | None]) -> None:
    assert ended_by(code) == told


def test_limits_that_the_kernel_keeps_are_recognised_by_their_signals() -> None:
    limits = Limits(cpu=5)
    assert judged(None, 24, 0.0, limits) is Status.CPU_LIMIT
    assert judged(None, 25, 0.0, limits) is Status.DISK_LIMIT
    assert judged(None, 9, 6.0, limits) is Status.CPU_LIMIT
    assert judged(None, 9, 1.0, limits) is Status.FAILED
    assert judged(0, None, 9.0, limits) is Status.OK
