"""VS Code for real: its server, a browser without a window, and what a person does in it."""

import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.alone import alone
from support.clusters import free_port

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "editor-lsp" / "vscode-extension"
SHOTS = EXTENSION / "build" / "shots"
STATUS = ".statusbar-item[id*='demiurgic']"
RUNNING = f"{STATUS}[aria-label*='State:'], {STATUS} [aria-label*='State:']"
"""The bar once the server has answered."""
_CODE_SERVER = ROOT / "build" / "code-server"
_LONGEST = 60
_OLDEST_NODE = 20


def npm(*words: str) -> str:
    """Run npm in the extension's folder, with what it needs installed there. Returns what it said."""
    if not shutil.which("npm") or _node() < _OLDEST_NODE:
        pytest.skip(f"the extension is built with npm and Node {_OLDEST_NODE} or newer: install nodejs and npm")
    lock, installed = EXTENSION / "package-lock.json", EXTENSION / "node_modules" / ".package-lock.json"
    with alone("extension"):
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            _run("npm", "install", "--no-audit", "--no-fund")
        return _run("npm", *words)


def _node() -> int:
    """Its version; none is the oldest."""
    node = shutil.which("node")
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout if node else "v0"
    return int(told.strip().removeprefix("v").split(".")[0])


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=EXTENSION, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-8000:]}{done.stderr[-4000:]}"
    return done.stdout


@cache
def packaged() -> Path:
    """The extension as people install it: a copy of this process's own."""
    package = Path(tempfile.mkdtemp(prefix="demiurgic-extension-")) / "demiurgic.vsix"
    atexit.register(shutil.rmtree, package.parent)
    with alone("extension"):
        npm("run", "--silent", "package")
        shutil.copy(EXTENSION / "build" / package.name, package)
    return package


def code_server() -> Path:
    """Where VS Code is installed. It is installed once, which takes a minute."""
    if not shutil.which("chromium"):
        pytest.skip("chromium is missing: apt-get install chromium")
    with alone("code-server"):
        if not (_CODE_SERVER / "installed").exists():
            install = [ROOT / "scripts" / "install-code-server", _CODE_SERVER]
            done = subprocess.run(install, capture_output=True, text=True, timeout=900, check=False)
            if done.returncode:
                pytest.skip(f"code-server cannot be installed here:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return _CODE_SERVER


class Window:
    """One that shows a folder."""

    def __init__(self, driver: "subprocess.Popen[str]") -> None:
        self._driver = driver

    def do(self, what: str, **more: object) -> Any:
        """Have the driver do it. What does not appear in time fails the test, with a picture of what is there."""
        answer = self._told({"what": what, **more})
        if "problem" in answer:
            self.shot("failed")
            pytest.fail(f"{what} {more}: {answer['problem']}; see {SHOTS / 'failed.png'}")
        return answer["value"]

    def press(self, keys: str, times: int = 1) -> None:
        for _ in range(times):
            self.do("press", keys=keys)

    def type(self, text: str, delay: int = 20) -> None:
        self.do("type", text=text, delay=delay)

    def wait(self, selector: str, seconds: float = _LONGEST) -> None:
        self.do("wait", selector=selector, milliseconds=seconds * 1000)

    def click(self, selector: str) -> None:
        self.do("click", selector=selector, milliseconds=_LONGEST * 1000)

    def text(self, selector: str) -> str:
        return self.do("text", selector=selector, milliseconds=_LONGEST * 1000).replace("\xa0", " ")

    def count(self, selector: str) -> int:
        return self.do("count", selector=selector)

    def notifications(self) -> list[str]:
        """What a screen reader says of each that is shown: its text and who it is from."""
        return self.do("labels", selector=".notifications-toasts .monaco-list-row, .notification-list-item")

    def shot(self, name: str) -> None:
        """Keep a picture."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self._told({"what": "shot", "path": str(SHOTS / f"{name}.png")})

    def run(self, title: str) -> None:
        """Choose a command of the palette."""
        self.press("F1")
        self.wait(".quick-input-widget input")
        self.type(title, delay=5)
        self.wait(f'.quick-input-list .monaco-list-row.focused[aria-label*="{title}"]')
        self.press("Enter")

    def open(self, name: str) -> None:
        """Open a file of the folder."""
        self.press("Control+p")
        self.wait(".quick-input-widget input")
        self.type(name, delay=5)
        self.wait(f'.quick-input-list .monaco-list-row.focused[aria-label*="{name}"]')
        self.press("Enter")
        self.wait(f'.tab.active[data-resource-name="{name}"]')
        self.wait(".monaco-editor.focused .view-line")

    def _told(self, command: dict[str, object]) -> dict[str, Any]:
        assert self._driver.stdin
        assert self._driver.stdout
        self._driver.stdin.write(json.dumps(command) + "\n")
        self._driver.stdin.flush()
        line = self._driver.stdout.readline()
        assert line, "the browser is gone"
        return json.loads(line)


@contextmanager
def window(folder: Path, project: Path, **settings: object) -> Iterator[Window]:
    """VS Code with the extension installed in it and its server at work. All its state is in `folder`."""
    with opened(folder, project, _environment(folder), {"demiurgic.path": str(_program(folder)), **settings}) as code:
        code.wait(RUNNING)
        yield code


@contextmanager
def window_without_program(folder: Path, project: Path, **settings: object) -> Iterator[Window]:
    """The same on a machine where nobody has installed the program."""
    environment = _environment(folder)
    places = environment.pop("PATH").split(os.pathsep)
    environment["PATH"] = os.pathsep.join(place for place in places if not Path(place, "demiurgic").exists())
    environment.pop("PYTHONPATH", None)
    with opened(folder, project, environment, settings) as code:
        yield code


@contextmanager
def opened(folder: Path, project: Path, environment: dict[str, str], settings: dict[str, object]) -> Iterator[Window]:
    """VS Code with the extension installed in it, which shows a project."""
    installation, package = code_server(), packaged()
    data, extensions = folder / "data", folder / "extensions"
    _write_settings(data / "User" / "settings.json", settings)
    entry = [
        shutil.which("node") or "node",
        str(installation / "node_modules" / "code-server" / "out" / "node" / "entry.js"),
    ]
    where = ["--user-data-dir", str(data), "--extensions-dir", str(extensions)]
    subprocess.run([*entry, *where, "--install-extension", package], env=environment, check=True, timeout=_LONGEST)
    port = free_port()
    serve = [*entry, *where, "--auth", "none", "--bind-addr", f"127.0.0.1:{port}", "--disable-telemetry"]
    with (folder / "code-server.log").open("wb") as log:
        server = subprocess.Popen([*serve, "--disable-update-check"], env=environment, stdout=log, stderr=log)
    try:
        _wait_until_it_listens(port)
        with _browser(installation, environment) as code:
            code.do("size", width=1200, height=800)
            code.do("open", url=f"http://127.0.0.1:{port}/?folder={project}")
            yield code
    finally:
        server.terminate()
        server.wait(_LONGEST)


@contextmanager
def _browser(installation: Path, environment: dict[str, str]) -> Iterator[Window]:
    command = ["node", Path(__file__).with_name("vscode_driver.mjs"), installation, shutil.which("chromium")]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as driver:
        yield Window(driver)


def _environment(folder: Path) -> dict[str, str]:
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"), "XDG_DATA_HOME": str(folder / "share")}
    state = {"XDG_STATE_HOME": str(folder / "state"), "XDG_CACHE_HOME": str(folder / "cache")}
    return {**os.environ, **home, **state, "DEMIURGIC_SANDBOX": "process"}


def _program(folder: Path) -> Path:
    """The program as it would lie in an environment."""
    program = folder / "demiurgic"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m demiurgic "$@"\n')
    program.chmod(0o755)
    return program


def _write_settings(path: Path, more: dict[str, object]) -> None:
    quiet = {
        "workbench.startupEditor": "none",
        "security.workspace.trust.enabled": False,
        "telemetry.telemetryLevel": "off",
        "workbench.tips.enabled": False,
        "files.autoSave": "off",
        "editor.minimap.enabled": False,
        "window.commandCenter": False,
    }
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({**quiet, **more}))


def _wait_until_it_listens(port: int) -> None:
    end = time.monotonic() + _LONGEST
    while time.monotonic() < end:
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise AssertionError("code-server did not start")
