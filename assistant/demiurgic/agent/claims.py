"""Checking what a model says that it wrote against what was written.

Small models end a task with "I have created hello.py" and no call. Only plain claims in the past about a file by name
are looked at; what is quoted, planned or asked is not.
"""

import re
from collections.abc import Collection

_DONE = r"(?:created|written|wrote|saved|updated|modified|edited|added|changed|fixed|renamed|replaced|deleted|removed)"
_CLAIM = re.compile(
    rf"\b(?:I|we)(?:'ve| have|'d| had)?(?: now| also| just| successfully)?\s+{_DONE}\b[^.\n`]*?"
    r"`?([\w./-]+\.\w{1,8})\b"
    rf"|`?([\w./-]+\.\w{{1,8}})`?\s+(?:has|have|was|were)(?: now| also| just| been| successfully)*\s+{_DONE}\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)


def unfounded(text: str, wrote: Collection[str]) -> list[str]:
    """Files that the text says were written, and that nothing wrote."""
    claimed = (found[1] or found[2] for found in _CLAIM.finditer(_CODE.sub("", text)))
    names = dict.fromkeys(name.strip("./") for name in claimed)
    return [name for name in names if not any(_is_same(name, path) for path in wrote)]


def _is_same(name: str, path: str) -> bool:
    return path == name or path.endswith(f"/{name}") or name.endswith(f"/{path}")
