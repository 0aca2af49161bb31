"""Checking what a model says that it did against what was done.

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


_CALL = re.compile(
    r'\A(?:```\w*\s*)?\{\s*"name"\s*:\s*"([\w.-]{1,60})"\s*,\s*"(?:arguments|parameters)"\s*:\s*\{.*\}\s*\}\s*(?:```)?\s*\Z',
    re.DOTALL,
)


def meant_as_call(text: str) -> str:
    """The tool that an answer names which is nothing but a call, written as text; empty where it is none."""
    found = _CALL.match(text.strip())
    return found[1] if found else ""


def unfounded(text: str, wrote: Collection[str]) -> list[str]:
    """Files that the text says were written, and that nothing wrote."""
    claimed = (found[1] or found[2] for found in _CLAIM.finditer(_CODE.sub("", text)))
    names = dict.fromkeys(name.strip("./") for name in claimed)
    return [name for name in names if not any(_is_same(name, path) for path in wrote)]


def _is_same(name: str, path: str) -> bool:
    return path == name or path.endswith(f"/{name}") or name.endswith(f"/{path}")
