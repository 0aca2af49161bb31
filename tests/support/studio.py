"""A studio in a process of its own, and a browser that looks at it."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "studio"
_AXE = "axe-core@4.14.1"
_LONGEST = 60.0


@dataclass(slots=True)
class StudioProcess:
    """One that listens. Its work and its state lie beneath `home`."""

    process: "subprocess.Popen[bytes]"
    address: str
    """With the token."""
    home: Path

    @property
    def url(self) -> str:
        return self.address.partition("/?")[0]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    @property
    def token(self) -> str:
        return self.address.partition("token=")[2]

    @property
    def work(self) -> Path:
        return self.home / "work"

    @property
    def log(self) -> str:
        return (self.home / "studio.log").read_text()

    def client(self) -> httpx2.Client:
        """Somebody who has the key."""
        return httpx2.Client(base_url=self.url, timeout=60, headers={"authorization": f"Bearer {self.token}"})

    def start_job(self, form: str, **values: object) -> str:
        with self.client() as client:
            answer = client.post("/studio/jobs", json={"form": form, "values": values})
            assert answer.status_code == 201, answer.text
            return answer.json()["id"]

    def job(self, name: str) -> dict[str, Any]:
        with self.client() as client:
            return next(job for job in client.get("/studio/jobs").json() if job["id"] == name)

    def ended(self, name: str) -> dict[str, Any]:
        """A job when it is over."""
        return until(lambda: (job := self.job(name))["state"] not in ("running", "stopping") and job)

    def kill(self) -> None:
        """As a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(_LONGEST)


def until(happens: Callable[[], Any], seconds: float = _LONGEST) -> Any:
    """Wait for something that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := happens():
            return found
        select.select((), (), (), 0.05)
    raise AssertionError("it did not happen")


@contextmanager
def studio(home: Path, *flags: object, **environment: str) -> Iterator[StudioProcess]:
    """A studio that answers. What it began is ended with it, so that no test leaves anything behind."""
    (home / "work").mkdir(parents=True, exist_ok=True)
    place = {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "DEMIURGIC_MODELS_DIR": str(home / "models"),
    }
    log = home / "studio.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "demiurgic", "studio", "--no-browser", "--port", "0", *map(str, flags)],
            stderr=errors,
            stdin=subprocess.DEVNULL,
            cwd=home / "work",
            env={**os.environ, **place, **environment},
        )
    try:
        found = until(lambda: process.poll() is not None or re.search(r"at (http://\S+)", log.read_text()))
        assert process.poll() is None, log.read_text()
        yield StudioProcess(process, found[1], home)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        _end_jobs(home)


def _end_jobs(home: Path) -> None:
    """Jobs outlive their studio: here they must not."""
    for file in (home / "state").rglob("process.json"):
        for process in psutil.process_iter(["pid", "cmdline"]):
            if str(file.parent) in " ".join(process.info["cmdline"] or ()):
                for each in (*process.children(recursive=True), process):
                    each.kill()


def axe() -> Path:
    """What looks for what people with disabilities could not use; fetched once, for tests only."""
    script = ROOT / "build" / "axe" / "axe.min.js"
    if not script.exists():
        if not shutil.which("npm"):
            pytest.skip("axe-core is fetched with npm: install nodejs and npm")
        script.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["npm", "pack", "--silent", _AXE], cwd=script.parent, capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"axe-core cannot be fetched here: {done.stderr.decode()[-500:]}")
        with tarfile.open(next(script.parent.glob("axe-core-*.tgz"))) as packed:
            script.write_bytes(packed.extractfile("package/axe.min.js").read())
    return script


@contextmanager
def browser() -> Iterator[Any]:
    """Debian's Chromium, without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright (no browser is downloaded)")
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.skip("chromium is missing: apt-get install chromium")
    with playwright.sync_playwright() as opened:
        started = opened.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()
