"""Builds a stage: a view of some folders in which an unprivileged user may write what another user owns.

Runs as root, as `python -I -S`, alone: it must not import this package. In a mount namespace of its own it shows the
workspace at /mnt/0 and other folders at /mnt/1 and so on. Files of the workspace's owner appear there as files of the
unprivileged user, and what that user makes there belongs to the owner. It answers with a line of JSON and stays until
its stdin ends; with it, all of this vanishes.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from pathlib import Path

_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
_NEW_USERS, _NEW_MOUNTS = 0x10000000, 0x00020000
_BIND, _RECURSIVE, _SLAVE = 0x1000, 0x4000, 0x80000
_NO_SET_ID, _NO_DEVICES = 0x2, 0x4
_IDENTITIES_MAPPED = 0x00100000
_CLONE, _CLOSE_ON_EXEC, _EMPTY_PATH, _FROM_DESCRIPTOR = 0x1, 0x80000, 0x1000, 0x4
_HERE = -100
_LAST = 65534

_libc = ctypes.CDLL(None, use_errno=True)


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("users", ctypes.c_uint64),
    )


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    words = [None if word is None else word.encode() for word in (source, target, kind)]
    _checked(_libc.mount(*words, ctypes.c_ulong(flags), None if data is None else data.encode()))


def _mapping(owner: int, user: int) -> str:
    """The owner becomes the user, whom nobody becomes; all others stay who they are."""
    lines = [f"{owner} {user} 1"] if owner != user else []
    edges = sorted({owner, user, _LAST + 1})
    start = 0
    for edge in edges:
        if edge > start:
            lines.append(f"{start} {start} {edge - start}")
        start = edge + 1
    return "\n".join(lines) + "\n"


def _user_namespace(owner: os.stat_result, user: int) -> int:
    """A descriptor of a user namespace that maps the owner to the user."""
    ready, there = os.pipe()
    child = os.fork()
    if child == 0:
        code = _libc.unshare(_NEW_USERS)
        os.write(there, b"1" if code == 0 else b"0")
        signal.pause()
    try:
        if os.read(ready, 1) != b"1":
            raise OSError("no user namespace could be made")
        for name, number in (("uid_map", owner.st_uid), ("gid_map", owner.st_gid)):
            Path(f"/proc/{child}/{name}").write_text(_mapping(number, user))
        return os.open(f"/proc/{child}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _show_mapped(folder: str, target: str, user: int) -> None:
    attributes = _Attributes(
        set=_IDENTITIES_MAPPED | _NO_SET_ID | _NO_DEVICES, users=_user_namespace(Path(folder).stat(), user)
    )
    tree = _checked(_libc.syscall(_OPEN_TREE, _HERE, folder.encode(), _CLONE | _CLOSE_ON_EXEC))
    size = ctypes.sizeof(attributes)
    _checked(_libc.syscall(_MOUNT_SETATTR, tree, b"", _EMPTY_PATH, ctypes.byref(attributes), ctypes.c_size_t(size)))
    _checked(_libc.syscall(_MOVE_MOUNT, tree, b"", _HERE, target.encode(), _FROM_DESCRIPTOR))


def build(folders: list[str], user: int) -> bool:
    """Show the first folder with its owner mapped, if its file system can do that, and the others as they are."""
    _checked(_libc.unshare(_NEW_MOUNTS))
    _mount("none", "/", None, _RECURSIVE | _SLAVE)
    _mount("stage", "/mnt", "tmpfs", _NO_SET_ID | _NO_DEVICES, "mode=755,size=64k")
    mapped = False
    for number, folder in enumerate(folders):
        target = f"/mnt/{number}"
        if Path(folder).is_dir():
            Path(target).mkdir()
        else:
            Path(target).touch()
        if number == 0:
            try:
                _show_mapped(folder, target, user)
            except OSError:
                mapped = False
            else:
                mapped = True
                continue
        _mount(folder, target, None, _BIND | _RECURSIVE)
    return mapped


def main() -> None:
    """Build what stdin's first line asks for, and stay."""
    order = json.loads(sys.stdin.readline())
    try:
        answer = {"mapped": build(order["folders"], order["user"]), "error": ""}
    except OSError as error:
        answer = {"mapped": False, "error": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
    if not answer["error"]:
        os.execv("/bin/cat", ["cat"])


if __name__ == "__main__":
    main()
