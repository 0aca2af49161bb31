"""A Docker engine of the tests' own: a real dockerd with a folder, a socket and images of its own.

It wants root and Debian's `docker.io`, or else an engine that already answers where Docker usually does. With
neither, the tests that need one fail and say so.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demiurgic.errors import SandboxError
from demiurgic.sandbox.docker.backend import DEFAULT_ADDRESS, DockerBackend
from demiurgic.sandbox.docker.engine import Engine

START_SECONDS = 60
STOP_SECONDS = 30


@contextmanager
def running_engine() -> Iterator[str]:
    """An engine's address, for as long as the block lasts."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        if _answers(DEFAULT_ADDRESS):
            yield DEFAULT_ADDRESS
            return
        pytest.fail("no Docker engine: install one (Debian: apt-get install docker.io) and be root, or start Docker")
    folder = Path(tempfile.mkdtemp(prefix="dockerd-", dir="/var/tmp"))
    address = f"unix://{folder}/docker.sock"
    process = _start(folder, address)
    try:
        _wait(process, address, folder / "log")
        yield address
    finally:
        _stop(process)
        shutil.rmtree(folder)


def _start(folder: Path, address: str) -> subprocess.Popen[bytes]:
    """No bridge, no packet filter: an engine that can be started beside any other and needs no network of its own."""
    command = ["dockerd", "--host", address, "--data-root", folder / "data", "--exec-root", folder / "exec"]
    command += ["--pidfile", folder / "pid", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
    command += ["--bridge=none", "--default-cgroupns-mode=private"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(address):
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"dockerd did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answers(address: str) -> bool:
    try:
        Engine(address).close()
    except SandboxError:
        return False
    return True


@pytest.fixture(scope="session")
def docker_address() -> Iterator[str]:
    """An engine that has the sandbox's image, made of this machine's own files."""
    with running_engine() as address:
        DockerBackend(address).build_image(lambda _line: None, "host")
        yield address
