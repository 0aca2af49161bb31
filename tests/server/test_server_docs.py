"""The examples of docs/server.md do what they say, as they stand there."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.serving import served

DOCUMENT = (Path(__file__).parents[2] / "docs" / "server.md").read_text("utf-8")


def example(language: str, url: str) -> str:
    (text,) = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    return text.replace("http://127.0.0.1:8471", url)


@pytest.fixture(scope="module")
def server(tmp_path_factory, smollm2):
    with served(tmp_path_factory.mktemp("server"), smollm2, "--ctx", 512, "--parallel", 2) as server:
        yield server


def ran(*command: object, folder: Path | None = None) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, timeout=120, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_one_for_a_shell(server):
    answer = json.loads(ran("bash", "-c", example("bash", server.url)))
    assert answer["choices"][0]["message"]["content"]


def test_the_one_for_python(server):
    assert ran(sys.executable, "-c", example("python", server.url)).strip()


@pytest.mark.slow
def test_the_one_for_javascript(server, tmp_path):
    assert shutil.which("npm"), "npm is missing: install nodejs and npm"
    ran("npm", "install", "--silent", "--no-audit", "--no-fund", "openai", folder=tmp_path)
    (tmp_path / "example.mjs").write_text(example("javascript", server.url))
    assert ran("node", "example.mjs", folder=tmp_path).strip()
