"""Paths of all shapes against a folder full of links: whatever is asked for, nothing outside is touched or shown."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demiurgic.errors import DemiurgicError
from demiurgic.workspace.beneath import LocalWorkspace

SECRET = b"the secret outside"
NAMES = st.sampled_from(
    [
        "..",
        ".",
        "",
        "in",
        "file",
        "out",
        "up",
        "alias",
        "ring",
        "absolute",
        "hop",
        "new",
        "~",
        "secret",
        "\0",
        "\n",
        "\udcff",
        "é",
    ]
)


@pytest.fixture(scope="module", params=["kernel", "walk"])
def workspace(request, tmp_path_factory):
    base = tmp_path_factory.mktemp("fuzz")
    (base / "outside").mkdir()
    root = base / "root"
    (root / "in" / "in").mkdir(parents=True)
    for folder, up in ((root, ".."), (root / "in", "../.."), (root / "in" / "in", "../../..")):
        (folder / "file").write_text("inside")
        (folder / "out").symlink_to(f"{up}/outside")
        (folder / "up").symlink_to(up)
        (folder / "alias").symlink_to("file")
        (folder / "ring").symlink_to("ring")
        (folder / "absolute").symlink_to(base / "outside" / "secret")
        (folder / "hop").symlink_to("in/../up/outside")
    return LocalWorkspace(root, walk=request.param == "walk")


@settings(max_examples=250, deadline=None)
@given(names=st.lists(NAMES, max_size=6), rooted=st.sampled_from(["", "/", "./", "//", "root"]), act=st.integers(0, 5))
def test_no_path_leads_out(workspace, names, rooted, act):
    outside = workspace.root.parent / "outside"
    (outside / "secret").write_bytes(SECRET)
    path = (f"{workspace.root}/" if rooted == "root" else rooted) + "/".join(names)
    acts = (
        lambda: workspace.read(path),
        lambda: workspace.write(path, b"ours"),
        lambda: workspace.delete(path),
        lambda: workspace.entries(path),
        lambda: workspace.real(path),
        lambda: workspace.stat(path),
    )
    try:
        found = acts[act]()
    except DemiurgicError as error:
        found = None
        str(error).encode()
    assert found != SECRET
    if act == 3 and found is not None:
        assert os.path.realpath(workspace.root / workspace.real(path)).startswith(os.fspath(workspace.root))
    if act == 4 and found is not None:
        assert os.path.realpath(workspace.root / found).startswith(os.fspath(workspace.root))
    assert [entry.name for entry in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_bytes() == SECRET
