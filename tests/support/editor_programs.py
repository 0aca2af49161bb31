"""Real editors, and the configurations that the documents give them. The tests of a missing
editor are left out, and say how to get it."""

import os
import re
from pathlib import Path

import pytest

_PAGES = Path(__file__).parents[2] / "docs" / "editors"


def program(name: str) -> Path:
    """An editor that scripts/editors fetches."""
    folder = os.environ.get("DEMIURGIC_TEST_EDITORS")
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = (Path(folder) if folder else caches / "demiurgic-test-editors") / "bin" / name
    if not path.exists():
        pytest.skip(f"{path} is missing; get it with: scripts/editors")
    return path


def pasted(page: str, language: str) -> str:
    """What a user takes out of a page: its first block in this language."""
    found = re.search(rf"```{language}\n(.*?)```", (_PAGES / page).read_text("utf-8"), re.DOTALL)
    assert found, f"docs/editors/{page} has no block of {language}"
    return found[1]
