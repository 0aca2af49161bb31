"""Files beneath a folder: what is read, what is written, and what is refused with which words."""

import os
import socket
import stat
import subprocess
import tracemalloc

import pytest

from demiurgic.errors import OutsideWorkspace, WorkspaceError
from demiurgic.workspace.beneath import LocalWorkspace

DEEP = 5000


@pytest.fixture(params=["kernel", "walk"])
def folder(request, tmp_path):
    """A workspace with something outside of it, opened by the kernel's means and by our own."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    (tmp_path / "inside").mkdir()
    workspace = LocalWorkspace(tmp_path / "inside", walk=request.param == "walk")
    assert request.param == "walk" or not workspace._walk, "this kernel should know openat2"
    return workspace


def names(folder):
    return [path.name for path in folder.iterdir()]


def refused(words, act, *arguments):
    with pytest.raises(WorkspaceError, match=words):
        act(*arguments)


def test_what_is_written_is_read_and_folders_come_with_it(folder):
    folder.write("a/b/c.bin", bytes(range(256)))
    assert folder.read("a/b/c.bin") == bytes(range(256))
    assert folder.read("./a//b/../b/c.bin", limit=3) == b"\0\1\2"
    assert folder.stat("a/b/c.bin").size == 256
    assert folder.stat("a").is_folder
    assert folder.stat("").is_folder
    assert folder.stat("a/b/d") is None
    assert folder.stat("a/b/c.bin/d") is None
    folder.delete("a/b/c.bin")
    folder.delete("a/b")
    assert [entry.path for entry in folder.entries("")] == ["a"]


def test_the_mode_of_a_file_is_kept_and_nothing_is_left_beside_it(folder):
    script = folder.root / "run.sh"
    script.write_text("old")
    script.chmod(0o750)
    folder.write("run.sh", b"new")
    assert stat.S_IMODE(script.stat().st_mode) == 0o750
    assert names(folder.root) == ["run.sh"]


def test_a_write_that_fails_leaves_the_old_file_and_no_other(folder):
    folder.write("a", b"old")
    with pytest.raises(TypeError):
        folder.write("a", "not bytes")  # fails after the new file was begun
    assert folder.read("a") == b"old"
    assert names(folder.root) == ["a"]


def test_no_link_is_gone_through_and_each_refusal_says_where_it_leads(folder):
    (folder.root / "out").symlink_to(folder.root.parent / "outside")
    (folder.root / "up").symlink_to("../outside/secret")
    (folder.root / "docs").mkdir()
    (folder.root / "docs" / "a.md").write_text("a")
    (folder.root / "alias").symlink_to("docs")
    (folder.root / "alias.md").symlink_to("alias/a.md")
    for act in (folder.read, folder.open, folder.delete, folder.stat):
        refused("out -> .*leads out", act, "out/secret")
    refused("leads out", folder.read, "up")
    refused("leads out", folder.write, "up", b"")
    refused("leads out", folder.write, "out/new", b"")
    refused("leads out", folder.write, "out/new/newer", b"")
    refused("leads out", folder.entries, "out")
    for path in ("alias/a.md", "alias.md"):
        refused("name what it leads to: docs/a.md", folder.read, path)
        refused("name what it leads to: docs/a.md", folder.write, path, b"x")
        assert folder.real(path) == "docs/a.md"
    for path in ("out/secret", "up"):
        with pytest.raises(OutsideWorkspace):
            folder.real(path)
    assert (folder.root / "docs" / "a.md").read_text() == "a"
    assert names(folder.root.parent / "outside") == ["secret"]
    assert (folder.root.parent / "outside" / "secret").read_text() == "secret"


def test_a_link_can_be_seen_and_deleted_and_what_it_names_stays(folder):
    (folder.root / "link").symlink_to("../outside/secret")
    assert folder.stat("link").is_link
    assert [entry.is_link for entry in folder.walk()] == [True]
    folder.delete("link")
    assert (folder.root.parent / "outside" / "secret").exists()


def test_links_in_a_ring_end(folder):
    (folder.root / "a").symlink_to("b")
    (folder.root / "b").symlink_to("a")
    refused("back to itself", folder.real, "a")
    refused("link a -> b", folder.read, "a")


def test_an_absolute_link_to_the_inside_is_resolved(folder):
    folder.write("real.txt", b"")
    (folder.root / "link").symlink_to(folder.root / "real.txt")
    assert folder.real("link") == "real.txt"
    assert folder.real("not/there/yet") == "not/there/yet"


@pytest.mark.parametrize("path", ["..", "../x", "a/../../x", "/etc/passwd", "~/x", "~"])
def test_names_that_lead_out_are_refused_before_anything_is_opened(folder, path):
    with pytest.raises(OutsideWorkspace):
        folder.relative(path)
    if not path.startswith("~"):
        with pytest.raises(OutsideWorkspace):
            folder.read(path)


def test_one_name_has_one_form(folder):
    for path in ("a/b", "./a//b/", "a/c/../b", str(folder.root / "a" / "b")):
        assert folder.relative(path) == "a/b"
    assert folder.relative(".") == folder.relative(str(folder.root)) == folder.relative("") == ""
    with pytest.raises(WorkspaceError):
        folder.relative("a\0b")


def test_a_root_that_is_reached_through_a_link_goes_by_both_names(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    workspace = LocalWorkspace(tmp_path / "link")
    assert workspace.relative(str(tmp_path / "link" / "a")) == "a"
    assert workspace.relative(str(tmp_path / "real" / "a")) == "a"


def test_a_folder_that_is_called_tilde_is_a_folder(folder):
    (folder.root / "~").mkdir()
    (folder.root / "~" / "a").write_text("a")
    (path,) = (entry.path for entry in folder.walk())
    assert folder.read(path) == b"a"
    assert folder.relative("./~/a") == path


def test_what_is_no_file_is_refused_at_once(folder):
    os.mkfifo(folder.root / "fifo")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder.root / "socket"))
    listener.close()
    refused("a FIFO", folder.read, "fifo")
    refused("a FIFO", folder.write, "fifo", b"")
    refused("socket", folder.read, "socket")
    refused("a folder", folder.read, "")
    refused("the workspace itself", folder.write, "", b"")
    assert list(folder.walk()) == []
    refused("a device", LocalWorkspace(folder.root.parent.joinpath("/dev")).read, "zero")


def test_a_huge_file_is_not_taken_into_memory(folder):
    with (folder.root / "huge").open("wb") as file:
        file.write(b"head")
        file.truncate(1 << 40)
    assert folder.read("huge", limit=4) == b"head"
    with folder.open("huge") as file:
        file.seek(-4, os.SEEK_END)
        assert file.read() == bytes(4)
    tracemalloc.start()
    refused("larger than 256 MB", folder.read, "huge")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300 << 20


def test_what_is_missing_is_answered_with_what_is_there(folder):
    folder.write("src/main.py", b"")
    folder.write("src/other.py", b"")
    refused("there is no main.py; did you mean src/main.py", folder.read, "main.py")
    refused("did you mean src/main.py", folder.read, "src/mian.py")
    refused("src holds main.py, other.py", folder.read, "src/zzzzzzzzzz")
    refused("the workspace holds src/", folder.entries, "qqqqqq/q")
    refused("not empty", folder.delete, "src")


NAMES = [b"a\nb", b"\x1b[31mred", b"caf\xe9.txt", "‮txt.exe".encode(), b"-rf", b" ", b"a" * 255]


def test_names_of_all_kinds_can_be_used_and_are_shown_harmless(folder):
    for name in NAMES:
        folder.write(os.fsdecode(name), name)
    found = list(folder.walk())
    assert sorted(os.fsencode(entry.path) for entry in found) == sorted(NAMES)
    assert all(folder.read(entry.path) == os.fsencode(entry.path) for entry in found)
    for name in NAMES[:4]:
        with pytest.raises(WorkspaceError) as told:
            folder.entries(os.fsdecode(name) + "/x")
        assert str(told.value).isprintable()
        assert str(told.value).encode()


@pytest.mark.slow
def test_folders_may_be_deeper_than_any_path_can_be_long(folder):
    path = "/".join(["dir"] * DEEP)
    folder.write(f"{path}/leaf", b"leaf")
    assert folder.read(f"{path}/leaf") == b"leaf"
    assert [entry.path for entry in folder.walk()] == [f"{path}/leaf"]
    subprocess.run(["rm", "-rf", folder.root], check=True)  # Python's own way of tidying up would give up


def test_a_folder_that_nobody_may_read_does_not_stop_a_walk(folder):
    folder.write("a/a", b"")
    folder.write("b/b", b"")
    walk = folder.walk()
    assert next(walk).path == "a/a"
    folder.delete("b/b")
    folder.delete("b")
    assert list(walk) == []


def test_a_folder_that_is_not_there_cannot_be_a_workspace(tmp_path):
    refused("cannot be opened", LocalWorkspace, tmp_path / "none")
