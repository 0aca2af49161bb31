"""Pairs to be judged, and judges with habits."""

import json
from collections.abc import Sequence
from pathlib import Path


def pairs_file(path: Path, pairs: Sequence[tuple[str, str, str]]) -> Path:
    """Rows of prompt, a and b."""
    names = ("prompt", "a", "b")
    path.write_text("".join(json.dumps(dict(zip(names, pair, strict=True))) + "\n" for pair in pairs))
    return path


def says(choice: str) -> str:
    """A ruling as a bound model writes it."""
    return json.dumps({"better": choice})
