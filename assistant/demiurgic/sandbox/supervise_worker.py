"""Starts one program with less rights than its own, stays beside it, and ends all that it leaves behind.

Runs as `python -I -S supervise_worker.py IN OUT`, alone: it must not import this package. It comes before every
program, so it imports only what loads fast. One order comes on IN, marshalled, after its length in four bytes:

    order    {"argv": [], "folder": "", "environment": {}, "limits": [(kind, soft, hard)], "doors": [paths],
              "user": (user, group) | None, "landlock": {} | None, "seccomp": b"", "keep": [descriptors]}
    answers  {"started": pid} or {"failed": "why"}, then {"code": n, "cpu": seconds, "peak": bytes}, as lines of repr

All orphans of the program become children of this process. When the program ends, or the other end of IN goes away
for whatever reason, it kills children until there are none.
"""
# ruff: noqa: PTH118, PTH123, PTH208

from __future__ import annotations

import ctypes
import errno
import marshal
import os
import resource
import select
import struct
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DUMPABLE, _SECCOMP, _BOUNDING_DROP, _SUBREAPER, _NO_NEW_PRIVILEGES = 4, 22, 24, 36, 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CAPABILITIES_VERSION = 0x20080522
_KILL, _PIPE, _FILE_SIZE, _DEFAULT = 9, 13, 25, 0
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _prctl(option: int, *arguments: int) -> None:
    words = [ctypes.c_ulong(argument) for argument in (*arguments, 0, 0, 0, 0)[:4]]
    _checked(_libc.prctl(option, *words), f"prctl {option}")


class _Child:
    """What the new process does to itself before it becomes the program."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order

    def become(self) -> None:
        """Does not return."""
        order = self._order
        os.setsid()
        for door in order["doors"]:
            _write(door, b"0")
        os.chdir(order["folder"])
        ruleset = _ruleset(order["landlock"]) if order["landlock"] else None
        for kind, soft, hard in order["limits"]:
            resource.setrlimit(kind, (soft, hard))
        _drop(order["user"])
        _prctl(_NO_NEW_PRIVILEGES, 1)
        if ruleset is not None:
            _checked(_libc.syscall(_RESTRICT_SELF, ruleset, 0), "landlock")
        _filter(order["seccomp"])
        for number in (_PIPE, _FILE_SIZE):  # Python ignores them
            _libc.signal(number, _DEFAULT)
        self._execute()

    def _execute(self) -> None:
        """Not `os.execvpe`: that loads a module, which another user may not be able to read."""
        name, error = self._order["argv"][0], OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        folders = [""] if "/" in name else self._order["environment"]["PATH"].split(":")
        for folder in folders:
            try:
                os.execve(os.path.join(folder, name), self._order["argv"], self._order["environment"])
            except OSError as found:
                error = error if found.errno in (errno.ENOENT, errno.ENOTDIR) else found
        os.write(2, f"{name}: {error.strerror}\n".encode())
        os._exit(127 if error.errno == errno.ENOENT else 126)


def _ruleset(wanted: dict[str, Any]) -> int:
    attributes = struct.pack("=QQQ", wanted["files"], wanted["network"], wanted["scoped"])[: wanted["size"]]
    made = _checked(_libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0), "landlock")
    for path, access in wanted["paths"]:
        try:
            target = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        _checked(_libc.syscall(_ADD_RULE, made, 1, struct.pack("=Qi", access, target), 0), f"landlock for {path}")
        os.close(target)
    return made


def _drop(user: list[int] | None) -> None:
    """All that makes root special, and root itself if somebody else is named."""
    if os.geteuid() != 0:
        return
    for capability in range(64):
        if _libc.prctl(_BOUNDING_DROP, ctypes.c_ulong(capability), 0, 0, 0) < 0:
            break
    os.setgroups([])
    if user is not None:
        os.setresgid(user[1], user[1], user[1])
        os.setresuid(user[0], user[0], user[0])
    header, nothing = struct.pack("=Ii", _CAPABILITIES_VERSION, 0), struct.pack("=6I", *[0] * 6)
    _checked(_libc.capset(header, nothing), "capset")


def _filter(program: bytes) -> None:
    kept = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(kept)))
    _prctl(_SECCOMP, 2, ctypes.addressof(header))


class _Supervisor:
    """Follows the program and its orphans."""

    def __init__(self, child: int, orders: int, answers: int) -> None:
        self._child, self._orders, self._answers = child, orders, answers
        self._code: int | None = None
        self._cpu, self._peak = 0.0, 0

    def follow(self) -> None:
        """Until nothing is left."""
        handle = os.pidfd_open(self._child)
        while self._code is None:
            ready, _, _ = select.select([handle, self._orders], [], [])
            if self._orders in ready:
                break
            self._reap()
        while self._reap():
            for child in _descendants(os.getpid()):
                _kill(child)
            time.sleep(0.001)
        _say(self._answers, code=self._code, cpu=self._cpu, peak=self._peak)

    def _reap(self) -> bool:
        """Take in all that have ended; whether there are others."""
        while True:
            try:
                number, status, use = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if number == 0:
                return True
            self._cpu += use.ru_utime + use.ru_stime
            self._peak = max(self._peak, use.ru_maxrss << 10)
            if number == self._child:
                self._code = os.waitstatus_to_exitcode(status)


def _descendants(root: int) -> list[int]:
    found: list[int] = []
    waiting = [root]
    while waiting:
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(process: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{process}/task")
        found = [_read(f"/proc/{process}/task/{thread}/children") for thread in threads]
    except OSError:  # it has ended
        return []
    return [int(child) for children in found for child in children.split()]


def _kill(process: int) -> None:
    try:
        os.kill(process, _KILL)
    except ProcessLookupError:
        return


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _write(path: str, data: bytes) -> None:
    with open(path, "wb", buffering=0) as file:
        file.write(data)


def _say(answers: int, **facts: object) -> None:
    try:
        os.write(answers, repr(facts).encode() + b"\n")
    except BrokenPipeError:  # nobody listens any more
        return


def _order(orders: int) -> dict[str, Any]:
    length = int.from_bytes(os.read(orders, 4), "little")
    data = b""
    while len(data) < length:
        data += os.read(orders, length - len(data))
    return marshal.loads(data)


def _start(order: dict[str, Any]) -> tuple[int, str]:
    """The child, and why it could not be made, if so."""
    failed, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _Child(order).become()
        except (OSError, ValueError) as error:
            os.write(theirs, str(error).encode())
        finally:
            os._exit(125)
    os.close(theirs)
    why = os.read(failed, 4096).decode()
    os.close(failed)
    return child, why


def main() -> None:
    """Follow the order that comes."""
    orders, answers = int(sys.argv[1]), int(sys.argv[2])
    for descriptor in (orders, answers):
        os.set_inheritable(descriptor, False)
    order = _order(orders)
    _prctl(_DUMPABLE, 0)
    _prctl(_SUBREAPER, 1)
    child, why = _start(order)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2, *order["keep"]):  # so that they are closed when the program's own are
        os.dup2(nothing, descriptor, inheritable=False)
    if why:
        _say(answers, failed=why)
        return
    _say(answers, started=child)
    _Supervisor(child, orders, answers).follow()


if __name__ == "__main__":
    main()
