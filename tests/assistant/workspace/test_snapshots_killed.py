"""Killed, crowded out or interfered with at any moment: no byte is lost, and the same call can be made again."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from support.pictures import picture

from demiurgic.errors import WorkspaceError
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


def in_a_process(root: Path, body: str) -> subprocess.Popen[str]:
    head = f"""
import sys
from pathlib import Path
from demiurgic.errors import WorkspaceError
from demiurgic.workspace.snapshots.store import Places, Snapshots
root = Path({str(root)!r})
snapshots = Snapshots(Places(root, Path({str(root.parent / "state")!r}), {PATH!r}))
print("ready", flush=True)
"""
    command = [sys.executable, "-c", head + textwrap.dedent(body)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def fill(root: Path, seed: int) -> None:
    """Many files of which each seed makes others, with folders, links and modes among them."""
    chance = random.Random(seed)
    for number in range(120):
        path = root / f"d{chance.randrange(6)}" / f"s{chance.randrange(3)}" / f"f{chance.randrange(60)}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if chance.random() < 0.15:
            path.unlink(missing_ok=True)
            path.symlink_to(f"f{number}")
        elif not path.is_symlink():
            path.write_bytes(chance.randbytes(chance.randrange(6000)))
            path.chmod(chance.choice([0o644, 0o755, 0o600]))


def empty(root: Path) -> None:
    for path in sorted(root.rglob("*"), reverse=True):
        path.unlink() if path.is_symlink() or path.is_file() else path.rmdir()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_killed_while_going_back(root: Path, snapshots: Snapshots, seed: int):
    fill(root, seed)
    wanted = picture(root)
    saved = snapshots.take().name
    empty(root)
    fill(root, 1000 + seed)
    other = picture(root)
    latest = snapshots.take().name
    chance = random.Random(seed)
    for _ in range(3):
        child = in_a_process(root, f"snapshots.restore({saved!r})")
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.random() * 0.35)
        child.kill()
        child.communicate()
    snapshots.restore(saved)
    assert picture(root) == wanted
    snapshots.restore(latest)
    assert picture(root) == other


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_killed_while_saving(root: Path, snapshots: Snapshots, seed: int):
    fill(root, seed)
    first = picture(root)
    saved = snapshots.take().name
    chance = random.Random(seed)
    for number in range(3):
        fill(root, 100 * seed + number)
        child = in_a_process(root, "snapshots.take(); snapshots.expire(3600)")
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.random() * 0.2)
        child.kill()
        child.communicate()
    now = picture(root)
    again = snapshots.take().name
    snapshots.restore(saved)
    assert picture(root) == first
    snapshots.restore(again)
    assert picture(root) == now


def test_a_disk_that_is_full_while_saving(root: Path, snapshots: Snapshots):
    """A limit on the size of files stands for the disk: it strikes git in the middle of its work."""
    (root / "a").write_text("before")
    saved = snapshots.take().name
    (root / "large").write_bytes(os.urandom(2 << 20))
    body = """
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
    try:
        snapshots.take()
    except WorkspaceError as error:
        print(error)
    """
    output, errors = in_a_process(root, body).communicate()
    assert "could not be" in output, errors
    now = picture(root)
    again = snapshots.take().name
    snapshots.restore(saved)
    assert not (root / "large").exists()
    snapshots.restore(again)
    assert picture(root) == now


@pytest.fixture
def small_disk(tmp_path: Path):
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", folder], check=False)
    if done.returncode:
        pytest.skip("no disk can be mounted here; a size limit is tested beside this")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_workspace_whose_disk_is_full_while_going_back(small_disk: Path, tmp_path: Path):
    snapshots = Snapshots(Places(small_disk, tmp_path / "state", PATH))
    for name in "abc":
        (small_disk / name).write_bytes(os.urandom(1_000_000))
    wanted = picture(small_disk)
    saved = snapshots.take().name
    for name in "abc":
        (small_disk / name).write_bytes(name.encode())
    (small_disk / ".gitignore").write_text("filler\n")
    snapshots.take()
    (small_disk / "filler").write_bytes(b"x" * 2_500_000)
    with pytest.raises(WorkspaceError, match="No space left") as failed:
        snapshots.restore(saved)
    assert failed.value.hint
    (small_disk / "filler").unlink()
    snapshots.restore(saved)
    assert picture(small_disk) == wanted


def test_a_store_on_a_full_disk_says_so_and_harms_nothing(small_disk: Path, root: Path):
    snapshots = Snapshots(Places(root, small_disk, PATH))
    (root / "a").write_text("a")
    saved = snapshots.take().name
    (root / "large").write_bytes(os.urandom(6 << 20))
    for _ in range(2):
        with pytest.raises(WorkspaceError, match="could not be"):
            snapshots.take()
        with pytest.raises(WorkspaceError, match="could not be"):
            snapshots.restore(saved)
    (root / "large").unlink()
    (root / "a").write_text("b")
    snapshots.restore(saved)
    assert (root / "a").read_text() == "a"


def test_one_process_at_a_time(root: Path, snapshots: Snapshots):
    fill(root, 1)
    body = """
    import os
    for number in range(8):
        (root / f"{os.getpid()}-{number}").write_text("x")
        print(snapshots.take().name, flush=True)
    """
    children = [in_a_process(root, body) for _ in range(3)]
    outputs = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0, 0, 0], outputs
    names = {name for output, _ in outputs for name in output.split()[1:]}
    assert names <= set(snapshots.names())


def test_files_that_change_and_vanish_while_they_are_saved(root: Path, snapshots: Snapshots):
    fill(root, 2)
    busy = """
    import os, time
    end = time.time() + 60
    while time.time() < end:
        for number in range(50):
            with (root / f"busy{number}").open("ab") as file:
                file.write(b"x" * 3000)
        for number in range(50):
            (root / f"busy{number}").unlink()
    """
    child = in_a_process(root, busy)
    assert child.stdout is not None
    child.stdout.readline()
    try:
        names = [snapshots.take().name for _ in range(10)]
    finally:
        child.kill()
        child.communicate()
    calm = {path: it for path, it in picture(root).items() if b"busy" not in path}
    for name in names[::4]:
        snapshots.restore(name)
        assert {path: it for path, it in picture(root).items() if b"busy" not in path} == calm


def beside(root: Path) -> list[Path]:
    """What is named like a file that is written beside its place."""
    return sorted(root.rglob(".demiurgic-*"))


def halted_at(child: subprocess.Popen[str], root: Path) -> list[Path]:
    """Halt a writer, wherever it is, and see what it has begun."""
    child.send_signal(signal.SIGSTOP)
    while Path(f"/proc/{child.pid}/stat").read_text().rpartition(") ")[2][0] != "T":
        time.sleep(0.001)
    return beside(root)


@pytest.fixture
def halted(root: Path):
    """A process that was halted in the middle of writing a file."""
    body = """
    from demiurgic.workspace.beneath import LocalWorkspace
    while True:
        LocalWorkspace(root).write("src/large", b"new" * (20 << 20))
    """
    child = in_a_process(root, body)
    assert child.stdout is not None
    child.stdout.readline()
    while not any(path.stat().st_size for path in halted_at(child, root)):
        child.send_signal(signal.SIGCONT)
        time.sleep(0.01)
    yield child
    child.kill()
    child.communicate()


def test_what_a_killed_writer_left_goes_and_what_a_living_one_writes_stays(
    root: Path, snapshots: Snapshots, halted: subprocess.Popen[str]
):
    (half,) = beside(root)
    saved = snapshots.take().name
    assert beside(root) == [half]
    halted.kill()
    halted.wait()
    assert beside(root) == [half]
    assert snapshots.take().name == saved, "what is half written is no part of a state"
    assert not beside(root)
    snapshots.restore(saved)
    assert not beside(root)


def test_what_is_only_named_nearly_like_it_is_the_users(root: Path, snapshots: Snapshots):
    tracked = root / ".demiurgic-00112233445566aa"
    tracked.write_text("committed for whatever reason")
    for command in ("init -q", "add -A"):
        subprocess.run(["git", *command.split()], cwd=root, check=True)
    (root / ".demiurgic-00112233445566bb").mkdir()
    (root / ".demiurgic-00112233445566cc").symlink_to("nowhere")
    (root / ".demiurgic-00112233445566DD").write_text("not ours")
    (root / ".demiurgic-notes").write_text("not ours")
    before = beside(root)
    snapshots.take()
    assert beside(root) == before


def test_writers_and_whoever_clears_up_after_them_do_not_meet(root: Path, snapshots: Snapshots):
    body = """
    from demiurgic.workspace.beneath import LocalWorkspace
    for number in range(600):
        LocalWorkspace(root).write(f"file{number % 7}", b"x" * 4000)
    """
    children = [in_a_process(root, body) for _ in range(2)]
    while any(child.poll() is None for child in children):
        snapshots.take()
    outputs = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0, 0], outputs
    assert len(list(root.iterdir())) == 7
