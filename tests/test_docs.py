"""What the documents promise: commands that exist, links that lead somewhere."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "bench" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
COMMANDS = sorted(
    {
        line.split("#")[0].split("<")[0].strip()
        for document in DOCUMENTS
        for block in re.findall(r"```sh\n(.*?)```", document.read_text("utf-8"), re.S)
        for line in block.splitlines()
        if line.strip()
    }
)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("demiurgic")])
def test_documented_commands_are_understood(command: str):
    words = shlex.split(command)[1:]
    done = subprocess.run(
        [sys.executable, "-m", "demiurgic", *words, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    usage = done.stdout
    for flag in (word for word in words if word.startswith("-")):
        assert flag in usage


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make")])
def test_documented_targets_exist(command: str):
    subprocess.run(["make", "-n", *command.split()[1:]], cwd=ROOT, check=True, capture_output=True)


def test_only_known_programs_are_documented():
    assert {command.split()[0] for command in COMMANDS} <= {"demiurgic", "make", "python"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path):
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target


def test_the_readme_stays_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 250
