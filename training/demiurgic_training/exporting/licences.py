"""Under what licence a checkpoint stands, by the card that its makers put beside it."""

import re
from pathlib import Path

_LICENCE = re.compile(r"^license(?:_name)?:\s*['\"]?([\w.+-]+)", re.MULTILINE)
UNKNOWN = "not said"


def licence_of(*folders: Path) -> str:
    """What the first card says that says anything."""
    for folder in folders:
        file = folder / "README.md"
        text = file.read_text("utf-8", "replace") if file.is_file() else ""
        front = text.split("---", 2)[1] if text.startswith("---") and text.count("---") > 1 else ""
        named = [name for name in _LICENCE.findall(front) if name != "other"]
        if named:
            return named[-1]
    return UNKNOWN
