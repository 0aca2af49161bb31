"""What the pages of docs/editors have in common, and the one of an editor that cannot be had here."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.editor_programs import pasted

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted((DOCS / "editors").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_page_is_found_and_says_how_to_be_rid_of_it(page: Path):
    assert f"(editors/{page.name})" in (DOCS / "editors.md").read_text("utf-8")
    assert re.search(r"^\*\*Switching it off\.\*\* ", page.read_text("utf-8"), re.MULTILINE)


def test_zed_starts_the_agent_and_asks_the_server_where_it_is():
    settings = json.loads(pasted("zed.md", "json"))
    agent = settings["agent_servers"]["Demiurgic"]
    command = [sys.executable, "-m", agent["command"], *agent["args"], "--help"]
    assert "usage: demiurgic acp" in subprocess.run(command, capture_output=True, text=True, check=False).stdout
    served = settings["language_models"]["openai_compatible"]["Demiurgic"]
    serving = subprocess.run(
        [sys.executable, "-m", "demiurgic", "serve", "--help"], capture_output=True, text=True, check=True
    )
    assert served["api_url"].split(":")[2].split("/")[0] in serving.stdout
