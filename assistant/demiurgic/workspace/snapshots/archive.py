"""Snapshots in git's form: each a commit of its own, with the workspace's files and what git cannot say of them.

refs/snapshots/ID    a commit without parents, so that any of them can go without the others
  files/...          files and links under their own names
  about.json         empty folders, modes, and what was left out
"""

import json
import os
import stat
from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import IO, Any

from demiurgic.errors import WorkspaceError
from demiurgic.workspace.snapshots.git import Git
from demiurgic.workspace.snapshots.state import Kept, State, Why, folders_above

_VERSION = 1
_PLAIN, _PROGRAM, _LINK, _FOLDER = "100644", "100755", "120000", "040000"
_USUAL = {_PLAIN: 0o100644, _PROGRAM: 0o100755, _LINK: 0o120777, _FOLDER: 0o040755}


class Import:
    """A snapshot that is being written. Nothing of it can be seen before it is whole."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def put(self, path: str, mode: str, size: int, data: Iterable[bytes]) -> None:
        """Add a file, or change it."""
        self._stream.write(b"M %s inline %s\ndata %d\n" % (mode.encode(), _quoted(path), size))
        for piece in data:
            self._stream.write(piece)
        self._stream.write(b"\n")

    def again(self, path: str, mode: str, blob: str) -> None:
        """Add a file whose bytes are saved already."""
        self._stream.write(b"M %s %s %s\n" % (mode.encode(), blob.encode(), _quoted(path)))

    def delete(self, path: str) -> None:
        """Take a file out of what the earlier snapshot held."""
        self._stream.write(b"D %s\n" % _quoted(path))


@contextmanager
def importing(git: Git, name: str, tree: str, about: str) -> Generator[Import]:
    """Write a snapshot that differs from a known tree in what is put and deleted."""
    with git.writing_to("fast-import", "--quiet", "--done") as stream:
        when = int(name.partition("-")[0]) // 1_000_000
        stream.write(b"commit %s\ncommitter Demiurgic <demiurgic> %d +0000\ndata 0\n" % (_ref(name).encode(), when))
        if tree:
            stream.write(b'M 040000 %s ""\n' % tree.encode())
        text = about.encode()
        stream.write(b"M 100644 inline about.json\ndata %d\n%s\n" % (len(text), text))
        yield Import(stream)
        stream.write(b"done\n")


def tree_of(git: Git, name: str) -> str:
    """The name of a snapshot's tree."""
    return git.run("rev-parse", "--verify", "--quiet", f"{_ref(name)}^{{tree}}").decode().strip()


def names(git: Git) -> list[str]:
    """All snapshots, the oldest first."""
    listed = git.run("for-each-ref", "--format=%(refname)", "refs/snapshots/").decode().split()
    return sorted(ref.removeprefix("refs/snapshots/") for ref in listed)


def forget(git: Git, gone: Iterable[str]) -> None:
    """Let snapshots go, and the bytes that no other holds."""
    git.run("update-ref", "--stdin", stdin="".join(f"delete {_ref(name)}\n" for name in gone).encode())
    git.run("gc", "--quiet", "--prune=now")


def git_mode(path: str, mode: int) -> str:
    """The nearest that git can say. It takes no link of the name `.gitmodules`, so such a one is a file to it."""
    if stat.S_ISLNK(mode):
        return _PLAIN if path.casefold().endswith(".gitmodules") else _LINK
    return _PROGRAM if mode & stat.S_IXUSR else _PLAIN


def describe(state: State) -> str:
    """All of a state that git's trees do not say."""
    usual = _usual_modes(state)
    modes = {path: kept.mode for path, kept in state.files.items() if usual[git_mode(path, kept.mode)] != kept.mode}
    modes |= {path: mode for path, mode in state.folders.items() if usual[_FOLDER] != mode}
    filled = {above for path in (*state.files, *state.folders) for above in folders_above(path)}
    about = {
        "version": _VERSION,
        "usual": usual,
        "modes": modes,
        "empty": [path for path in state.folders if path not in filled],
        "left": state.left,
    }
    return json.dumps(about, sort_keys=True)


def load_state(git: Git, name: str) -> State:
    """What a snapshot holds. Raises WorkspaceError where there is none of this name, or a damaged one."""
    if not all(letter in "0123456789abcdef-" for letter in name) or not name:
        raise WorkspaceError(f"{name!r} is no snapshot's name")
    try:
        tree = tree_of(git, name)
    except WorkspaceError as error:
        raise WorkspaceError(f"there is no snapshot {name}; it may have been too old to be kept") from error
    about: Any = json.loads(git.run("cat-file", "blob", f"{tree}:about.json"))
    usual: Mapping[str, int] = about["usual"]
    modes: Mapping[str, int] = about["modes"]
    files: dict[str, Kept] = {}
    for line in git.run("ls-tree", "-r", "-z", "--full-tree", tree, "files/").split(b"\0"):
        if line:
            head, _, raw = line.partition(b"\t")
            kind, _, blob = head.decode().split()
            path = os.fsdecode(raw.removeprefix(b"files/"))
            files[path] = Kept(modes.get(path, usual[kind]), blob)
    folders = {above for path in (*files, *about["empty"]) for above in folders_above(path)} | set(about["empty"])
    left = {path: Why(why) for path, why in about["left"].items()}
    return State(files, {path: modes.get(path, usual[_FOLDER]) for path in folders}, left)


def _usual_modes(state: State) -> dict[str, int]:
    """For each kind the mode that most have, so that only the others need be told one by one."""
    counts = {kind: Counter[int]() for kind in _USUAL}
    for path, kept in state.files.items():
        counts[git_mode(path, kept.mode)][kept.mode] += 1
    counts[_FOLDER].update(state.folders.values())
    return {kind: counts[kind].most_common(1)[0][0] if counts[kind] else mode for kind, mode in _USUAL.items()}


def _ref(name: str) -> str:
    return f"refs/snapshots/{name}"


def _quoted(path: str) -> bytes:
    plain = (b"%c" % byte if 0x20 <= byte < 0x7F and byte not in b'"\\' else b"\\%03o" % byte for byte in _bytes(path))
    return b'"' + b"".join(plain) + b'"'


def _bytes(path: str) -> bytes:
    return b"files/" + os.fsencode(path)
