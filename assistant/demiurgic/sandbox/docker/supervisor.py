# ruff: noqa: PTH106, PTH108, PTH112, PTH114, PTH116, PTH123, PTH208
"""The first process of a container. Runs one program after another and sees that nothing of one outlives it.

Its text is handed to the container's own Python, so it uses the standard library alone. It speaks in frames on its
standard streams (a letter, a length, a payload) with the process that started the container, and ends when that one
hangs up. What it guards itself with: signals from inside a pid namespace cannot kill its first process, and that
process is made undumpable, so that its memory and its streams cannot be opened through /proc. It keeps no clock but its
own: a container that does not answer in time is the caller's to kill.
"""

import base64
import contextlib
import ctypes
import errno
import fcntl
import itertools
import json
import os
import resource
import select
import signal
import struct
import sys
import time
from collections.abc import Iterator
from typing import Any

HEADER = struct.Struct(">cI")
RUN, STDIN, KILL = b"r", b"i", b"k"
READY, STDOUT, STDERR, REPLIES, DONE = b"y", b"o", b"e", b"a", b"x"

EXITED, TIMEOUT, OUTPUT_LIMIT, MEMORY_LIMIT, CANCELLED = (
    "exited",
    "timeout",
    "output_limit",
    "memory_limit",
    "cancelled",
)
"""Why a run came to its end."""
STALE = "stale"
"""What is mounted is not what was: a file that is replaced from outside takes its cover along. Nothing was run; or
what stays was ended."""

CHUNK = 1 << 16
LAST_WORDS = 0.15
"""Seconds for what is still in the pipes when the program has ended: somebody else may hold them open for ever."""
_LOOK_SECONDS = 0.1
"""How often the kernel is asked whether the memory was full."""
_DRAINED = 16
"""Chunks of output that may go before a reply."""
_HIGH = 64
_SET_DUMPABLE = 4
_TIDIED = 20_000
"""With more left than this, a new container is cheaper."""
_OOM_FIRST = "1000"
_SCRATCH = ("/tmp", "/dev", "/run")
_BENEATH = ("/dev/shm", "/dev/mqueue")
"""File systems of their own below those."""
_IPC = ("/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg")
_OOM_COUNTS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")


class HungUp(Exception):
    """Nobody gives orders any more."""


class Orders:
    """What the caller says, one frame at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def read(self) -> None:
        """Take in what has come. Waits if nothing has."""
        data = os.read(0, CHUNK)
        if not data:
            raise HungUp
        self._buffer += data

    def take(self) -> Iterator[tuple[bytes, bytes]]:
        while len(self._buffer) >= HEADER.size:
            kind, length = HEADER.unpack_from(self._buffer)
            end = HEADER.size + length
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[HEADER.size : end])
            del self._buffer[:end]
            yield kind, payload


def send(kind: bytes, payload: bytes) -> None:
    frame = memoryview(HEADER.pack(kind, len(payload)) + payload)
    while frame:
        frame = frame[os.write(1, frame) :]


class Program:
    """One program from its start to its end."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._failure = 0
        self._status: int | None = None
        self._cpu, self._peak, self._written = 0.0, 0, 0
        self._killed, self._mounted = killed_for_memory(), mounts()
        self._started = time.monotonic()
        self._deadline = self._started + order["wall"]
        self._reason = ""
        self._outputs: dict[int, bytes] = {}
        self._pid = self._start()

    def _start(self) -> int:
        """Fork, with a pipe for each stream of the child. The last pipe tells why it could not become the program."""
        pipes = [os.pipe() for _ in range(4 if self._order["stays"] else 3)]
        report, told = os.pipe()
        theirs = [pair[number > 0] for number, pair in enumerate(pipes)]
        ours = [pair[number == 0] for number, pair in enumerate(pipes)]
        pid = os.fork()
        if pid == 0:
            become(self._order, theirs, told)
        for fd in (*theirs, told):
            os.close(fd)
        failed = os.read(report, 16)
        os.close(report)
        self._failure = int(failed or 0)
        for fd in ours:
            os.set_blocking(fd, False)
        self._stdin, self._unsent = ours[0], bytearray(base64.b64decode(self._order["stdin"]))
        self._outputs = dict(zip(ours[1:], (STDOUT, STDERR, REPLIES), strict=False))
        return pid

    def watch(self, orders: Orders, woken: int) -> None:
        """Carry its streams and heed its limits until it is over."""
        self._obey(orders)
        while self._going_on():
            poller = select.poll()
            poller.register(0, select.POLLIN)
            poller.register(woken, select.POLLIN)
            for fd in self._outputs:
                poller.register(fd, select.POLLIN)
            if not self._fed():
                poller.register(self._stdin, select.POLLOUT)
            left = max(0.0, min(self._deadline - time.monotonic(), _LOOK_SECONDS))
            for fd, _ in poller.poll(left * 1000):
                self._attend(fd, orders, woken)
            self._reap()

    def _going_on(self) -> bool:
        if self._reason:
            return False
        if self._status is not None and (not self._outputs or time.monotonic() > self._deadline):
            self._reason = EXITED
        elif time.monotonic() > self._deadline:
            self._reason = TIMEOUT
        elif self._order["stays"]:
            self._reason = STALE if mounts() != self._mounted else ""
        elif killed_for_memory() > self._killed:
            self._reason = MEMORY_LIMIT
        return not self._reason

    def _attend(self, fd: int, orders: Orders, woken: int) -> None:
        if fd == 0:
            orders.read()
            self._obey(orders)
        elif fd == woken:
            os.read(woken, CHUNK)
        elif fd in self._outputs:
            self._carry(fd)

    def _obey(self, orders: Orders) -> None:
        for kind, payload in orders.take():
            if kind == KILL:
                self._reason = CANCELLED
            elif kind == STDIN:
                self._unsent += payload

    def _carry(self, fd: int) -> None:
        """Pass on what came. What was printed before a reply goes before it."""
        kind, data = self._outputs[fd], self._read(fd)
        if kind == REPLIES:
            for other in [other for other, kind in self._outputs.items() if kind != REPLIES]:
                for _ in range(_DRAINED):
                    if not self._pass(other, self._read(other)):
                        break
        self._pass(fd, data)

    def _read(self, fd: int) -> bytes | None:
        """None if there is nothing yet, no bytes at the end."""
        try:
            return os.read(fd, CHUNK)
        except BlockingIOError:
            return None

    def _pass(self, fd: int, data: bytes | None) -> bool:
        if data == b"":
            os.close(fd)
            del self._outputs[fd]
        if not data:
            return False
        send(self._outputs[fd], data)
        self._written += len(data) * (self._outputs[fd] != REPLIES)
        if self._written > self._order["output"]:
            self._reason = OUTPUT_LIMIT
        return True

    def _fed(self) -> bool:
        """Write what its standard input takes. True while there is nothing more to say."""
        try:
            while self._unsent:
                del self._unsent[: os.write(self._stdin, self._unsent[:CHUNK])]
        except BlockingIOError:
            return False
        except BrokenPipeError:
            self._unsent.clear()
        if self._stdin >= 0 and not self._order["stays"]:
            os.close(self._stdin)
            self._stdin = -1
        return True

    def _reap(self, options: int = os.WNOHANG) -> None:
        """Take leave of whoever has ended. Orphans are children of the first process, too."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, options)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._cpu += usage.ru_utime + usage.ru_stime
            self._peak = max(self._peak, usage.ru_maxrss * 1024)
            if pid == self._pid:
                self._status = status
                self._deadline = min(self._deadline, time.monotonic() + LAST_WORDS)

    def end(self) -> dict[str, Any]:
        """Kill whatever is left of it. Nothing is: no process can be born while the signal goes round."""
        wall = time.monotonic() - self._started
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        self._reap(0)
        for fd in (*self._outputs, *(fd for fd in (self._stdin,) if fd >= 0)):
            os.close(fd)
        return {
            "status": self._status,
            "failure": self._failure,
            "reason": self._reason,
            "wall": wall,
            "cpu": self._cpu,
            "peak": self._peak,
            "memory": killed_for_memory() > self._killed,
        }


def become(order: dict[str, Any], streams: list[int], told: int) -> None:
    """In the child: turn into the program, or say why not and end."""
    try:
        os.setsid()
        dumpable(True)
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(_OOM_FIRST)
        for target, fd in enumerate([fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH) for fd in streams]):
            os.dup2(fd, target)
        told = fcntl.fcntl(told, fcntl.F_DUPFD_CLOEXEC, _HIGH)
        os.closerange(len(streams), _HIGH)
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.chdir(order["folder"])
        for name, limit in order["rlimits"].items():
            resource.setrlimit(getattr(resource, name), tuple(limit))
        os.execvpe(order["argv"][0], order["argv"], order["environment"])
    except OSError as error:
        os.write(told, str(error.errno).encode())
    except ValueError:
        os.write(told, str(errno.EINVAL).encode())
    finally:
        os._exit(127)


def dumpable(allowed: bool) -> None:
    ctypes.CDLL(None).prctl(_SET_DUMPABLE, int(allowed), 0, 0, 0)


def scratch() -> Iterator[str]:
    """Every name in the folders that are not the workspace and can be written to."""
    folders = [folder for folder in _SCRATCH if os.path.isdir(folder)]
    devices = {os.stat(folder).st_dev for folder in (*folders, *_BENEATH) if os.path.isdir(folder)}
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                yield entry.path
                if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_dev in devices:
                    folders.append(entry.path)


def facts(path: str) -> tuple[int, ...]:
    """What a run must not change in what was there before it."""
    found = os.lstat(path)
    return found.st_ino, found.st_mode, found.st_uid, found.st_rdev


def tidy(first: dict[str, tuple[int, ...]]) -> None:
    """Remove what a run left in the folders that are not the workspace."""
    made = list(itertools.islice((path for path in scratch() if path not in first), _TIDIED + 1))
    if len(made) <= _TIDIED:
        for path in reversed(made):
            if os.path.isdir(path) and not os.path.islink(path):
                os.rmdir(path)
            else:
                os.unlink(path)


def pristine(first: dict[str, tuple[int, ...]]) -> bool:
    """Whether a run left nothing that the next could find outside the workspace. Tidies up before."""
    try:
        tidy(first)
        if {path: facts(path) for path in scratch()} != first:
            return False
        for path in _IPC:
            with open(path) as file:
                if len(file.readlines()) > 1:
                    return False
        return [name for name in os.listdir("/proc") if name.isdigit()] == ["1"]
    except OSError:
        return False


def mounts() -> list[str]:
    """What is mounted, and where."""
    with open("/proc/self/mountinfo") as file:
        return [" ".join(line.split()[:5]) for line in file]


def killed_for_memory() -> int:
    """How many processes of this container the kernel has ended because its memory was full."""
    for path in _OOM_COUNTS:
        try:
            with open(path) as file:
                counts = dict(line.split()[:2] for line in file if line.strip())
        except OSError:
            continue
        return int(counts.get("oom_kill", 0))
    return 0


def _heard(_number: int, _frame: object) -> None:
    """A signal that is only to wake the poll."""


def serve() -> None:
    dumpable(False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _heard)
    orders, mounted, first = Orders(), mounts(), {path: facts(path) for path in scratch()}
    send(READY, b"")
    while True:
        orders.read()
        for kind, payload in orders.take():
            if kind == RUN and mounts() != mounted:
                send(DONE, json.dumps({"reason": STALE}).encode())
            elif kind == RUN:
                program = Program(json.loads(payload))
                program.watch(orders, woken)
                send(DONE, json.dumps(program.end() | {"clean": pristine(first)}).encode())


if __name__ == "__main__":
    try:
        serve()
    except HungUp:
        sys.exit(0)
