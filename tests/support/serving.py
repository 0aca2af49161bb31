"""A real server in a process of its own, and clients of it."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

_LONGEST = 60.0


@dataclass(frozen=True, slots=True)
class Server:
    """One that listens."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self, **more) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, timeout=60, **more)

    def figure(self, name: str, **headers: str) -> float:
        """One of its metrics."""
        with self.client(headers=headers) as client:
            text = client.get("/metrics").text
        return float(re.search(rf"^demiurgic_{name} (\S+)$", text, re.MULTILINE)[1])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Its exit code."""
        self.process.send_signal(number)
        return self.process.wait(_LONGEST)


@contextmanager
def served(folder: Path, model: Path | str, *flags: object, **environment: str) -> Iterator[Server]:
    """A server of this model that is ready, with its state in `folder`."""
    command = ["-m", "demiurgic", "serve", "--model", str(model), "--port", "0", *map(str, flags)]
    with listening(folder, *command, **environment) as server:
        if server.url.startswith("http://"):
            _wait_until_ready(server)
        yield server


@contextmanager
def limited(folder: Path, model: Path, *flags: str, **limits: float) -> Iterator[Server]:
    """The same with limits that have no flags."""
    with listening(folder, "-m", "support.limited_server", str(model), json.dumps(limits), *flags) as server:
        _wait_until_ready(server)
        yield server


@contextmanager
def listening(folder: Path, *command: str, **environment: str) -> Iterator[Server]:
    """A server that may not be ready yet."""
    log = folder / "serve.log"
    place = {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, *command],
            stderr=errors,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, **place, **environment},
        )
    try:
        url = _address(process, log)
        yield Server(process, url, log)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + _LONGEST
    while time.monotonic() < end:
        if found := re.search(r"at (https?://\S+)/v1", log.read_text()):
            return found[1]
        if process.poll() is not None:
            break
        select.select((), (), (), 0.02)
    raise AssertionError(f"it did not start: {log.read_text()}")


def _wait_until_ready(server: Server) -> None:
    end = time.monotonic() + _LONGEST
    with server.client() as client:
        while time.monotonic() < end and server.process.poll() is None:
            if client.get("/ready").status_code == 200:
                return
            select.select((), (), (), 0.05)
    raise AssertionError(f"it was not ready: {server.log.read_text()}")
