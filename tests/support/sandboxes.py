"""Sandboxes of every kind for tests that hold for all of them."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from demiurgic.sandbox.bubblewrap import BubblewrapSandbox
from demiurgic.sandbox.docker.backend import DockerBackend
from demiurgic.sandbox.landlock import LandlockSandbox
from demiurgic.sandbox.process import ProcessSandbox
from demiurgic.sandbox.protocol import Command, Guard, Limits, Policy, Result, Sandbox

LOCAL: Mapping[str, Callable[[Policy], Sandbox]] = {
    "bubblewrap": BubblewrapSandbox,
    "landlock": LandlockSandbox,
    "process": ProcessSandbox,
}


def opener(source: str) -> Callable[[Policy], Sandbox]:
    """Opens sandboxes of a kind, or with `docker:ADDRESS` those of an engine."""
    kind, _, address = source.partition(":")
    return DockerBackend(address).open if kind == "docker" else LOCAL[kind]


PATIENT = Limits(wall=60)


class Ground:
    """A workspace, the kind of sandbox that it is tried in, and the sandboxes that were opened."""

    def __init__(self, source: str, workspace: Path) -> None:
        self.source, self.workspace = source, workspace
        self.kind = source.partition(":")[0]
        self._stack = ExitStack()

    def open(self, **policy: object) -> Sandbox:
        sandbox = opener(self.source)(Policy(self.workspace, **policy))  # type: ignore[arg-type]
        self._stack.callback(sandbox.close)
        return sandbox

    def shell(self, script: str, limits: Limits = PATIENT, stdin: bytes = b"", **policy: object) -> Result:
        """What becomes of a shell script in a sandbox of its own."""
        with self.opened(**policy) as sandbox:
            return sandbox.run(Command(("sh", "-c", script), stdin=stdin, limits=limits))

    def python(self, code: str, limits: Limits = PATIENT, **policy: object) -> Result:
        with self.opened(**policy) as sandbox:
            return sandbox.run(Command(("python3", "-I", "-c", code), limits=limits))

    @contextmanager
    def opened(self, **policy: object) -> Iterator[Sandbox]:
        sandbox = opener(self.source)(Policy(self.workspace, **policy))  # type: ignore[arg-type]
        try:
            yield sandbox
        finally:
            sandbox.close()

    def close(self) -> None:
        self._stack.close()


def long_time() -> str:
    """So many seconds that no other program sleeps as many."""
    return str(10**6 + secrets.randbelow(10**9))


def running(*argv: str) -> list[int]:
    """Processes with just this command line."""
    wanted = b"".join(word.encode() + b"\0" for word in argv)
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cmdline").read_bytes() == wanted:
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def soon_running(*argv: str) -> list[int]:
    """The same, when there are such processes, or after a minute."""
    until = time.monotonic() + 60
    while not running(*argv) and time.monotonic() < until:
        time.sleep(0.05)
    return running(*argv)


def keeps(result: Result, guard: Guard) -> bool:
    return guard in result.enforced


def said(result: Result) -> str:
    """All that a program wrote, for a look at what went wrong."""
    return f"{result.status}: {result.stdout.text()}{result.stderr.text()}"
