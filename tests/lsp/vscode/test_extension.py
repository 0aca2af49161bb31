"""The extension for VS Code: its own tests, its types and its style, and the package that people install."""

import json
import re
import zipfile

import pytest
from support.vscode import EXTENSION, ROOT, npm, packaged


def test_its_own_tests_pass():
    said = npm("test", "--silent")
    assert re.search(r"^# fail 0$", said, re.MULTILINE), said
    assert int(re.search(r"^# pass (\d+)$", said, re.MULTILINE)[1]) >= 40


def test_its_types_and_its_style_are_right():
    npm("run", "--silent", "check")


@pytest.fixture(scope="module")
def package():
    with zipfile.ZipFile(packaged()) as archive:
        yield archive


def test_the_package_holds_what_runs_and_nothing_else(package):
    names = {name.removeprefix("extension/") for name in package.namelist() if name.startswith("extension/")}
    assert names == {
        *("package.json", "readme.md", "changelog.md", "LICENSE.txt"),
        *("build/extension.js", "build/webview.js", "build/webview.css"),
        *("media/icon.png", "media/demiurgic.svg"),
    }
    assert sum(entry.file_size for entry in package.infolist()) < 2_000_000


def test_nothing_in_it_reports_home_or_runs_texts(package):
    code = "".join(package.read(f"extension/build/{name}").decode() for name in ("extension.js", "webview.js"))
    assert not re.search(r"applicationinsights|sendTelemetry|createTelemetryLogger|XMLHttpRequest", code)
    panel = package.read("extension/build/webview.js").decode()
    assert not re.search(r"\beval\(|new Function|innerHTML|outerHTML|fetch\(|WebSocket|localStorage", panel)


def test_it_is_of_the_version_of_all_the_rest():
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    assert json.loads((EXTENSION / "package.json").read_text())["version"] == version
    assert (EXTENSION / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_the_lock_file_names_no_host():
    packages = json.loads((EXTENSION / "package-lock.json").read_text())["packages"]
    assert len(packages) > 100
    assert [name for name, package in packages.items() if "resolved" in package] == []
