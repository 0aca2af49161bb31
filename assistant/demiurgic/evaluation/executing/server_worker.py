"""Forks a process for every candidate, from one that is warm, and takes every right from it that it can do without.

Runs as `python -I -S -c SOURCE DESCRIPTOR`, alone and single-threaded: it must not import this package. It never
holds a program or a test. Orders come on a socket that keeps messages apart; the first is the settings, marshalled:

    settings   {"candidate": source, "isolate": bool, "hide": [paths], "keep": [paths], "filter": b"",
                "landlock": [size, files, network, scoped] | None, "limits": [(kind, soft, hard)], "preload": [names]}
    answer     b"ready" or b"failed: why"
    run        with a descriptor: start a candidate that talks over it
    kill       end it; `wait`: the same, once it had a second to end by itself
    answer     "STATUS CPU ENDED", ENDED being 1 where it was ended from here

With `isolate` every candidate is the first process of a process namespace, so that nothing outlives it, and has a
mount namespace in which only its own /tmp can be written to.
"""
# ruff: noqa: PTH123

from __future__ import annotations

import ctypes
import gc
import importlib
import marshal
import os
import resource
import select
import signal
import socket
import struct
import sys
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOUNT_NAMESPACE, _PROCESS_NAMESPACE = 0x00020000, 0x20000000
_READ_ONLY, _NO_SET_ID, _NO_DEVICES, _AGAIN, _BIND, _ALL_BELOW, _PRIVATE = 1, 2, 4, 32, 0x1000, 0x4000, 1 << 18
_DIES_WITH_PARENT, _DUMPABLE, _SECCOMP, _SUBREAPER, _NO_NEW_PRIVILEGES = 1, 4, 22, 36, 38
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_CAPABILITIES_VERSION = 0x20080522
_TEMPORARY = b"size=32m,nr_inodes=500,mode=1777"
_GRACE = 1.0
_CHANNEL = 3
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _prctl(option: int, argument: int, other: int = 0) -> None:
    words = [ctypes.c_ulong(word) for word in (argument, other, 0, 0)]
    _checked(_libc.prctl(option, *words), f"prctl {option}")


def _mount(source: bytes, target: str, kind: bytes | None, flags: int, data: bytes | None = None) -> None:
    done = _libc.mount(source, os.fsencode(target), kind, ctypes.c_ulong(flags), data)
    _checked(done, f"mount on {target}")


class Confinement:
    """What is done once for all candidates, and what each does to itself."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        self._isolate: bool = settings["isolate"]
        self._own_processes = -1
        program = settings["filter"]
        self._kept = ctypes.create_string_buffer(program, len(program))
        self._filter = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(self._kept)))

    def prepare(self) -> None:
        """In the server."""
        if self._isolate:
            _enter_namespaces()
            self._own_processes = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
            _hide(self._settings["hide"], self._settings["keep"])
        _prctl(_DIES_WITH_PARENT, signal.SIGKILL)
        _prctl(_DUMPABLE, 0)
        _prctl(_SUBREAPER, 1)

    def before(self) -> None:
        """In the server, before each fork: what it forks next is the first of a process namespace."""
        if self._isolate:
            _checked(_libc.setns(self._own_processes, _PROCESS_NAMESPACE), "setns")
            _checked(_libc.unshare(_PROCESS_NAMESPACE), "unshare")

    def confine(self) -> None:
        """In the candidate's process, before it knows of the candidate."""
        os.setsid()
        _prctl(_DIES_WITH_PARENT, signal.SIGKILL)
        if self._isolate:
            _checked(_libc.unshare(_MOUNT_NAMESPACE), "unshare")
            _mount(b"tmpfs", "/tmp", b"tmpfs", _NO_SET_ID | _NO_DEVICES, _TEMPORARY)
            os.chdir("/tmp")
        for kind, soft, hard in self._settings["limits"]:
            resource.setrlimit(kind, (soft, hard))
        _prctl(_NO_NEW_PRIVILEGES, 1)
        header, nothing = struct.pack("=Ii", _CAPABILITIES_VERSION, 0), struct.pack("=6I", *[0] * 6)
        _checked(_libc.capset(header, nothing), "capset")
        if self._settings["landlock"]:
            _write_nothing(*self._settings["landlock"])
        if self._settings["filter"]:
            _prctl(_SECCOMP, 2, ctypes.addressof(self._filter))


def _enter_namespaces() -> None:
    """Become the first process of a process namespace: whoever owns one may make others in it. The process that this
    one was waits for it."""
    _checked(_libc.unshare(_MOUNT_NAMESPACE | _PROCESS_NAMESPACE), "unshare")
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    _mount(b"none", "/", None, _PRIVATE | _ALL_BELOW)


def _hide(paths: list[str], kept: list[str]) -> None:
    """Lay an empty folder over each of these; what is to be kept of it is put back."""
    doors = {path: os.open(path, os.O_PATH | os.O_CLOEXEC) for path in kept}
    covered = [path for path in paths if os.path.isdir(path)]  # noqa: PTH112
    for path in covered:
        if path != "/proc":
            _mount(b"tmpfs", path, b"tmpfs", _NO_SET_ID | _NO_DEVICES, b"mode=755,size=64k")
    for path, door in doors.items():
        if not os.path.lexists(path):
            os.makedirs(path)  # noqa: PTH103
            _mount(b"/proc/self/fd/%d" % door, path, None, _BIND | _ALL_BELOW)
        os.close(door)
    for path in covered:
        if path == "/proc":
            _mount(b"tmpfs", path, b"tmpfs", _READ_ONLY | _NO_SET_ID | _NO_DEVICES, b"size=4k")
        else:
            _mount(b"none", path, None, _AGAIN | _BIND | _READ_ONLY | _NO_SET_ID | _NO_DEVICES)


def _write_nothing(size: int, files: int, network: int, scoped: int) -> None:
    attributes = struct.pack("=QQQ", files, network, scoped)[:size]
    rules = _checked(_libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0), "landlock")
    _checked(_libc.syscall(_RESTRICT_SELF, rules, 0), "landlock")
    os.close(rules)


class Server:
    """One candidate after another."""

    def __init__(self, control: socket.socket, confinement: Confinement, candidate: types.ModuleType) -> None:
        self._control, self._confinement, self._candidate = control, confinement, candidate
        self._child = 0
        self._nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)

    def serve(self) -> None:
        """Until there are no more orders."""
        while True:
            order, descriptors, _, _ = socket.recv_fds(self._control, 16, 1)
            if not order:
                return
            if descriptors:
                self._start(descriptors[0])
            else:
                self._control.send(self._end(_GRACE if order == b"wait" else 0.0))

    def _start(self, channel: int) -> None:
        self._confinement.before()
        self._child = os.fork()
        if self._child == 0:
            try:
                self._become(channel)
            finally:
                os._exit(0)
        os.close(channel)

    def _become(self, channel: int) -> None:
        for stream in (0, 1, 2):
            os.dup2(self._nothing, stream)
        if channel != _CHANNEL:
            os.dup2(channel, _CHANNEL)
        try:
            self._confinement.confine()
        except OSError as error:
            self._candidate.say(_CHANNEL, {"broken": str(error)})
            return
        os.closerange(_CHANNEL + 1, 256)
        self._candidate.serve(_CHANNEL)

    def _end(self, grace: float) -> bytes:
        handle = os.pidfd_open(self._child)
        ended = not select.select([handle], [], [], grace)[0]
        os.close(handle)
        if ended:
            os.kill(self._child, signal.SIGKILL)
        _, status, use = os.wait4(self._child, 0)
        while _children():
            pass
        cpu = use.ru_utime + use.ru_stime
        return f"{status} {cpu:.6f} {int(ended)}".encode()


def _children() -> bool:
    """Whether any process of a candidate that has ended is left; they are killed. Only where it had no namespace."""
    try:
        if os.waitpid(-1, os.WNOHANG)[0] == 0:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:
                for child in file.read().split():
                    os.kill(int(child), signal.SIGKILL)
    except ChildProcessError:
        return False
    return True


def main() -> None:
    """Serve whoever holds the other end."""
    control = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(control.fileno(), False)
    settings = marshal.loads(control.recv(1 << 20))
    candidate = types.ModuleType("candidate_worker")
    sys.path[:0] = settings["path"]
    try:
        confinement = Confinement(settings)
        confinement.prepare()
        exec(compile(settings.pop("candidate"), "<candidate_worker>", "exec"), candidate.__dict__)
        for name in settings["preload"]:
            importlib.import_module(name)
    except (OSError, ImportError) as error:
        control.send(f"failed: {error}".encode())
        return
    control.send(b"ready")
    gc.collect()
    gc.freeze()
    Server(control, confinement, candidate).serve()


if __name__ == "__main__":
    main()
