"""Repositories that try to have something run, read or lost while their state is saved."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.pictures import picture

from demiurgic.errors import WorkspaceError
from demiurgic.workspace.snapshots.git import find_git
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


def git(folder: Path, *arguments: str) -> str:
    clean = {"PATH": PATH, "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    who = ("-c", "user.name=n", "-c", "user.email=e")
    return subprocess.run(
        ["git", *who, *arguments], cwd=folder, env=clean, check=True, capture_output=True, text=True
    ).stdout


def make_hostile(root: Path, proof: Path) -> None:
    """A repository whose settings, hooks and attributes run a program whenever git gives them the chance."""
    evil = root / "evil.sh"
    evil.write_text(f"#!/bin/sh\necho $0 $@ >> {proof}\ncat\n")
    evil.chmod(0o755)
    git(root, "init", "--quiet")
    (root / "a.txt").write_bytes(b"one\r\n$Id$\n")
    (root / "b.txt").write_bytes(b"b\r\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "first")
    for name in ("pre-commit", "post-index-change", "post-checkout", "reference-transaction", "pre-auto-gc"):
        hook = root / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(evil.read_text())
        hook.chmod(0o755)
    (root / ".git/config").write_text(f"""
[core]
    repositoryformatversion = 0
    fsmonitor = {evil}
    hooksPath = {root}/.git/hooks
    autocrlf = true
    sshCommand = {evil}
    pager = {evil}
    editor = {evil}
    attributesFile = {root}/.gitattributes
    alternateRefsCommand = {evil}
    worktree = /
[filter "evil"]
    clean = {evil} clean %f
    smudge = {evil} smudge %f
    process = {evil}
    required = true
[diff "evil"]
    textconv = {evil}
    command = {evil}
[alias]
    ls-files = !{evil}
[include]
    path = {root}/more.config
[extensions]
    partialClone = origin
[remote "origin"]
    url = ext::{evil}
    promisor = true
[protocol]
    allow = always
""")
    (root / ".gitattributes").write_text("* filter=evil diff=evil text eol=lf ident working-tree-encoding=UTF-16\n")


def test_nothing_of_the_repository_runs_or_changes(root: Path, snapshots: Snapshots, tmp_path: Path):
    proof = tmp_path / "proof"
    make_hostile(root, proof)
    provoked = subprocess.run(["git", "status"], cwd=root, env={"PATH": PATH}, capture_output=True, check=False)
    assert proof.exists(), provoked  # the trap works
    proof.unlink()
    before, own = picture(root), picture(root / ".git", without=())
    times = {path: path.lstat().st_mtime_ns for path in (root / ".git").rglob("*")}
    saved = snapshots.take(["a.txt"])
    for name in ("a.txt", "b.txt", ".gitattributes"):
        (root / name).unlink()
    snapshots.preview(saved.name)
    snapshots.restore(saved.name)
    snapshots.take()
    snapshots.expire(0)
    assert picture(root) == before
    assert picture(root / ".git", without=()) == own
    assert times == {path: path.lstat().st_mtime_ns for path in (root / ".git").rglob("*")}
    assert not proof.exists(), proof.read_text()


def test_the_environment_cannot_lead_git_astray(root: Path, tmp_path: Path):
    """Variables that a shell may have set for git are not handed on."""
    proof, evil = tmp_path / "proof", tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {proof}\n")
    evil.chmod(0o755)
    (root / "a").write_text("a")
    body = (
        "from pathlib import Path; from demiurgic.workspace.snapshots.store import *; "
        f"s = Snapshots(Places(Path({str(root)!r}), Path({str(tmp_path / 'state')!r}), {PATH!r})); "
        f"n = s.take().name; Path({str(root / 'a')!r}).unlink(); s.restore(n)"
    )
    environment = {
        **os.environ,
        "GIT_DIR": str(tmp_path / "elsewhere"),
        "GIT_WORK_TREE": "/",
        "GIT_INDEX_FILE": str(tmp_path / "index"),
        "GIT_OBJECT_DIRECTORY": str(tmp_path / "objects"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": str(evil),
        "GIT_EXTERNAL_DIFF": str(evil),
        "GIT_TRACE": str(proof),
    }
    subprocess.run([sys.executable, "-c", body], env=environment, check=True)
    assert (root / "a").read_text() == "a"
    assert not proof.exists()
    assert not (tmp_path / "elsewhere").exists()


def test_a_nested_repository_is_saved_and_its_git_folder_left_alone(root: Path, snapshots: Snapshots, tmp_path: Path):
    nested = root / "vendor/lib"
    nested.mkdir(parents=True)
    make_hostile(nested, tmp_path / "proof")
    (nested / "a.txt").write_text("changed, not committed")
    before, own = picture(root), picture(nested / ".git", without=())
    saved = snapshots.take()
    for path in nested.glob("*.txt"):
        path.unlink()
    snapshots.restore(saved.name)
    assert picture(root) == before
    assert picture(nested / ".git", without=()) == own
    assert not (tmp_path / "proof").exists()


def test_links_are_saved_as_links_and_never_followed(root: Path, snapshots: Snapshots, tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    (root / "loop").symlink_to("loop")
    (root / "real").mkdir()
    (root / "real/secret").write_text("of the project")
    saved = snapshots.take(["folder/secret", "file", "loop/x"])
    everything = b"".join(file.read_bytes() for file in (tmp_path / "state").rglob("*") if file.is_file())
    assert b"secret" in everything  # as a name
    (root / "real/secret").unlink()
    (root / "real").rmdir()
    (root / "real").symlink_to(outside)
    (root / "folder").unlink()
    snapshots.restore(saved.name)
    assert (root / "real/secret").read_text() == "of the project"
    assert not (root / "real").is_symlink()
    assert (root / "folder").is_symlink()
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_text() == "secret"


def test_pipes_in_the_place_of_what_git_reads_do_not_hang(root: Path, snapshots: Snapshots):
    git(root, "init", "--quiet")
    (root / "a").write_text("a")
    (root / "sub").mkdir()
    for name in (".gitignore", ".gitattributes", "sub/.gitignore", "sub/.git", ".git/index"):
        os.mkfifo(root / name)
    saved = snapshots.take()
    (root / "a").unlink()
    snapshots.restore(saved.name)
    assert (root / "a").read_text() == "a"


@pytest.mark.parametrize("index", [b"", b"DIRC", b"\0" * 1000, b"DIRC\0\0\0\2\xff\xff\xff\xff" + b"\0" * 100])
def test_a_broken_index_is_no_obstacle(root: Path, snapshots: Snapshots, index: bytes):
    git(root, "init", "--quiet")
    (root / "a").write_text("a")
    (root / ".git/index").write_bytes(index)
    saved = snapshots.take()
    (root / "a").unlink()
    snapshots.restore(saved.name)
    assert (root / "a").read_text() == "a"


def test_an_index_that_names_places_outside_reaches_nothing(root: Path, snapshots: Snapshots, tmp_path: Path):
    """An index is data of a stranger: what it tracks is only looked for beneath the workspace."""
    (tmp_path / "outside").write_text("secret")
    git(root, "init", "--quiet")
    (root / "aaaaaaaaaa").write_text("a")
    git(root, "add", ".")
    index = root / ".git/index"
    index.write_bytes(index.read_bytes().replace(b"aaaaaaaaaa", b"../outside"))
    (root / "aaaaaaaaaa").unlink()
    assert snapshots.take().left == {}
    assert not snapshots.preview(snapshots.names()[-1])


def test_folders_nested_without_end(root: Path, snapshots: Snapshots):
    """A path longer than the system takes at once."""
    here = os.open(root, os.O_RDONLY)
    for number in range(300):
        os.mkdir("a" * 20, dir_fd=here)
        below = os.open("a" * 20, os.O_RDONLY, dir_fd=here)
        if number == 299:
            with os.fdopen(os.open("leaf", os.O_WRONLY | os.O_CREAT, dir_fd=below), "w") as file:
                file.write("deep")
        os.close(here)
        here = below
    saved = snapshots.take()
    os.unlink("leaf", dir_fd=here)
    snapshots.restore(saved.name)
    with os.fdopen(os.open("leaf", os.O_RDONLY, dir_fd=here)) as file:
        assert file.read() == "deep"
    os.close(here)
    assert snapshots.preview(saved.name) == ()


def test_git_is_not_taken_from_the_workspace(root: Path, tmp_path: Path):
    own = root / "bin/git"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    assert not find_git(f"{own.parent}:.:bin:{PATH}", never_below=root).is_relative_to(root)
    with pytest.raises(WorkspaceError, match="lies in the folder that is worked in"):
        find_git(f"{own.parent}:bin::", never_below=root)
    with pytest.raises(WorkspaceError, match="git is not installed"):
        find_git("bin::", never_below=root)
