"""What `.gitignore` leaves out, held against git itself, and patterns made to hang."""

import os
import subprocess
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demiurgic.workspace.beneath import LocalWorkspace
from demiurgic.workspace.patterns import path_pattern

PATHS = (
    *("a", "b.log", "keep.log", "src/a", "src/b.log", "src/deep/a/x", "src/deep/b.log", "build/out", "src/build/out"),
    *(
        "doc/a.txt",
        "doc/sub/a.txt",
        "x/y/z/file",
        "foo/bar/baz",
        "#hash",
        "!bang",
        "sp ace",
        "trail ",
        "[x]",
        "a*b",
        "axb",
    ),
    *("back\\slash", "UPPER", "caf\u00e9", "a.pyc", "src/a.pyo"),
)
LINES = (
    *(
        "*.log",
        "!keep.log",
        "/a",
        "a",
        "build/",
        "src/build",
        "doc/*.txt",
        "doc/**/*.txt",
        "**/deep",
        "x/**",
        "x/**/file",
    ),
    *(
        "foo/*",
        "!foo/bar",
        "\\#hash",
        "\\!bang",
        "# comment",
        "",
        "  ",
        "trail\\ ",
        "sp ace  ",
        "\\[x\\]",
        "[ab]",
        "[!a]",
        "[^b].log",
    ),
    *(
        "a\\*b",
        "a?b",
        "*",
        "!*/",
        "/*",
        "!/src",
        "src/",
        "**",
        "/**",
        "**/",
        "a/",
        "*.py[co]",
        "back\\\\slash",
        "u*",
        "caf*",
        "/",
        "*/a",
    ),
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", root], check=True)
    for path in PATHS:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("")
    return root


def kept_by_git(root):
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    listing = ["git", "-C", root, "ls-files", "-z", "--others", "--exclude-standard"]
    found = subprocess.run(listing, capture_output=True, check=True, env=environment).stdout
    return {os.fsdecode(name) for name in found.split(b"\0") if name}


def kept_by_us(root):
    return {entry.path for entry in LocalWorkspace(root).walk()}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    top=st.lists(st.sampled_from(LINES), max_size=5),
    below=st.lists(st.sampled_from(LINES), max_size=3),
    excluded=st.lists(st.sampled_from(LINES), max_size=1),
)
def test_what_git_would_list_is_what_a_walk_finds(repository, top, below, excluded):
    (repository / ".gitignore").write_text("\n".join(top) + "\r\n")
    (repository / "src" / ".gitignore").write_text("\n".join(below))
    (repository / ".git" / "info" / "exclude").write_text("\n".join(excluded))
    assert kept_by_us(repository) == kept_by_git(repository)


def test_what_is_ignored_is_walked_when_asked_for_and_git_itself_never(repository):
    (repository / ".git" / "info" / "exclude").write_text("")  # the tests before have left theirs
    (repository / ".gitignore").write_text("*\n")
    (repository / "src" / ".gitignore").unlink(missing_ok=True)
    assert kept_by_us(repository) == set()
    everything = {entry.path for entry in LocalWorkspace(repository).walk(ignored=True)}
    assert everything == {*PATHS, ".gitignore"}


def test_an_ignored_folder_is_walked_when_it_is_named(repository):
    (repository / ".git" / "info" / "exclude").write_text("")  # the tests before have left theirs
    (repository / "src" / ".gitignore").unlink(missing_ok=True)
    (repository / ".gitignore").write_text("build/\n*.log\n")
    (repository / "build" / "x.log").write_text("")
    assert [entry.path for entry in LocalWorkspace(repository).walk("build")] == ["build/out"]
    (repository / "build" / "x.log").unlink()


@pytest.mark.parametrize("pattern", ["*a" * 50 + "b", "**/a/" * 50 + "b", "[a-z]*" * 40 + "9", "?*" * 60 + "9"])
def test_no_pattern_takes_long(pattern):
    begun = time.perf_counter()
    assert not path_pattern(pattern).matches(["a" * 250] * 300)
    assert time.perf_counter() - begun < 2


def test_an_ignore_file_that_is_none_is_as_good_as_absent(tmp_path):
    (tmp_path / "a").write_text("")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b").write_text("")
    (tmp_path / "rules").write_text("*")
    os.mkfifo(tmp_path / "sub" / ".gitignore")
    (tmp_path / ".gitignore").symlink_to("rules")
    assert {entry.path for entry in LocalWorkspace(tmp_path).walk()} == {"a", "sub/b", "rules", ".gitignore"}
