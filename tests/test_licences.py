"""The list of other people's licences holds what is pinned, and says what the packages say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIST = (ROOT / "THIRD_PARTY.md").read_text("utf-8")


def test_the_list_holds_what_is_pinned_and_nothing_else():
    rows = re.findall(r"^\| (\S+) \| (\S+) \| .+ \| .+ \|$", LIST, re.MULTILINE)
    pinned = [tuple(line.split("==")) for line in (ROOT / "constraints.txt").read_text("utf-8").split()]
    assert rows[1:] == pinned  # behind the table's head


def test_every_licence_is_said():
    assert "not said" not in LIST


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="what a package needs differs between Pythons")
def test_the_list_is_what_the_script_makes():
    done = subprocess.run([sys.executable, ROOT / "scripts" / "licences", "--check"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_our_own_licence_is_the_same_everywhere():
    ours = (ROOT / "LICENSE").read_text("utf-8")
    assert ours.startswith("MIT License")
    assert (ROOT / "editor-lsp" / "vscode-extension" / "LICENSE").read_text("utf-8") == ours
