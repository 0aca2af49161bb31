"""A folder is swapped for a link to the outside, over and over, while its files are written, read and deleted."""

import subprocess
import sys
import time

import pytest

from demiurgic.errors import WorkspaceError
from demiurgic.workspace.beneath import LocalWorkspace

SWAP = """
import ctypes, os, sys
os.chdir(sys.argv[1])
os.symlink(sys.argv[2], "link")
swap = ctypes.CDLL(None).renameat2
print("ready", flush=True)
while True:
    swap(-100, b"folder", -100, b"link", 2)  # AT_FDCWD, RENAME_EXCHANGE
"""


@pytest.mark.parametrize("walk", [False, True])
def test_nothing_escapes_while_a_folder_is_swapped(tmp_path, walk):
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    (inside / "folder").mkdir(parents=True)
    outside.mkdir()
    (outside / "file").write_bytes(b"secret")
    workspace = LocalWorkspace(inside, walk=walk)
    swapper = subprocess.Popen([sys.executable, "-c", SWAP, inside, outside], stdout=subprocess.PIPE)
    try:
        assert swapper.stdout.readline() == b"ready\n"
        done, refused, leaked = _hammer(workspace)
    finally:
        swapper.kill()
        swapper.wait()
        swapper.stdout.close()
    assert done > 20, "some must have gone through, or nothing was tested"
    assert refused > 20, "some must have met the link, or nothing was tested"
    assert not leaked
    assert [path.name for path in outside.iterdir()] == ["file"]
    assert (outside / "file").read_bytes() == b"secret"


def _hammer(workspace: LocalWorkspace) -> tuple[int, int, list[bytes]]:
    done = refused = 0
    leaked: list[bytes] = []
    until = time.monotonic() + 2
    while time.monotonic() < until:
        for act in (
            lambda: workspace.write("folder/file", b"ours"),
            lambda: workspace.write("folder/below/new", b"ours"),
            lambda: workspace.read("folder/file"),
            lambda: workspace.delete("folder/file"),
        ):
            try:
                data = act()
                done += 1
                leaked += [data] if data and data != b"ours" else []
            except WorkspaceError:
                refused += 1
    return done, refused, leaked
