"""Pipes and devices where a small file is expected: refused at once in one line, neither waited for nor read on."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_LITTLE = 4 << 20
"""Kilobytes of address space: what reads a device to its end dies of it before the machine does."""


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The program in a folder, with a home of its own and little memory."""
    home = {name: str(folder.parent) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DEMIURGIC_")}
    return subprocess.run(
        ["sh", "-c", f'ulimit -v {_LITTLE}; exec "$@"', "sh", sys.executable, "-m", "demiurgic", *arguments],
        cwd=folder,
        env={**clean, **home, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def make_endless(path: Path, kind: str) -> Path:
    """A pipe that nobody writes to, or a link to a device that never ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(f"/dev/{kind}")
    return path


def assert_refused(done: subprocess.CompletedProcess[str], path: Path | str) -> None:
    assert done.returncode == 2, done.stderr
    assert f"{path} cannot be read: it is no file" in done.stderr
    assert len(done.stderr.splitlines()) <= 2, done.stderr  # the second is the hint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    return made


@pytest.mark.parametrize("kind", ["pipe", "zero", "urandom"])
@pytest.mark.parametrize("variable", ["DEMIURGIC_CONFIG", "DEMIURGIC_REGISTRY"])
def test_a_file_of_the_users(folder: Path, variable: str, kind: str):
    path = make_endless(folder.parent / "own.toml", kind)
    assert_refused(run(folder, "models", "list", **{variable: str(path)}), path)


@pytest.mark.parametrize("kind", ["pipe", "zero"])
@pytest.mark.parametrize("name", ["config.toml", "rules.toml"])
def test_a_file_of_a_cloned_project(folder: Path, name: str, kind: str):
    path = make_endless(folder / ".demiurgic" / name, kind)
    assert_refused(run(folder, "-p", "hello", "--model", "openai:none", OPENAI_API_KEY="none"), path)


def test_a_file_that_is_larger_than_anybody_writes(folder: Path):
    path = folder.parent / "own.toml"
    path.write_text("# nothing\n" * 200_000)
    done = run(folder, "models", "list", DEMIURGIC_CONFIG=str(path))
    assert done.returncode == 2
    assert f"{path} cannot be read: it is larger than 1 MB" in done.stderr


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "9" * 10_000])
def test_a_project_that_tires_the_reader(folder: Path, text: str):
    path = folder / ".demiurgic" / "config.toml"
    path.parent.mkdir()
    path.write_text(text)
    done = run(folder, "models", "list")
    assert done.returncode == 2, done.stderr
    assert f"{path} cannot be read" in done.stderr


@pytest.mark.parametrize(
    "flags", [("serve", "--api-key-file"), ("eval", "humaneval", "--tasks"), ("talk", "--character")]
)
def test_a_device_that_a_flag_names(folder: Path, flags: tuple[str, ...]):
    assert_refused(run(folder, *flags, "/dev/zero"), "/dev/zero")


def test_lines_without_end(folder: Path):
    done = run(folder, "eval", "humaneval", "--problems", "/dev/zero")
    assert done.returncode == 2, done.stderr
    assert "line 1 is too long" in done.stderr


def test_a_project_is_worked_in_whatever_its_notes_and_its_environment_are(folder: Path):
    make_endless(folder / "AGENTS.md", "pipe")
    make_endless(folder / ".venv" / "pyvenv.cfg", "pipe")
    make_endless(folder / "venv" / "pyvenv.cfg", "zero")
    done = run(folder, "-p", "hello", "--model", "http://127.0.0.1:9/v1#nobody")
    assert done.returncode == 1, done.stderr
    assert "127.0.0.1:9" in done.stderr  # it came as far as asking a model that nobody serves
