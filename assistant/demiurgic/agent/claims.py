"""Checking what a model says that it did against what was done.

Small models end a task with "I have created hello.py" and no call. Only plain claims in the past about a file by name
are looked at; what is quoted, planned or asked is not.
"""

import re
from collections.abc import Collection, Mapping

from demiurgic.fences import fenced
from demiurgic.tools.definitions import Definition, definitions

_DONE = r"(?:created|written|wrote|saved|updated|modified|edited|added|changed|fixed|renamed|replaced|deleted|removed)"
_CLAIM = re.compile(
    rf"\b(?:I|we)(?:'ve| have|'d| had)?(?: now| also| just| successfully)?\s+{_DONE}\b[^.\n`]*?"
    r"`?([\w./-]+\.\w{1,8})\b"
    rf"|`?([\w./-]+\.\w{{1,8}})`?\s+(?:has|have|was|were)(?: now| also| just| been| successfully)*\s+{_DONE}\b",
    re.IGNORECASE,
)
_USED = re.compile(r"\b(?:call(?:ed|ing)?|us(?:e|ed|ing)) the `([\w.-]+)`")
_FILES = r"(?:files?|folders?|director(?:y|ies)|projects?|repositor(?:y|ies)|repo)"
_ABOUT_FILES = re.compile(
    rf"\b(?:this|the|these|my|our|which|what|all|every)\s+(?:\w+\s+){{0,2}}{_FILES}\b", re.IGNORECASE
)
_CALL = re.compile(
    r'\A(?:```\w*\s*)?\{\s*"name"\s*:\s*"([\w.-]{1,60})"\s*,\s*"(?:arguments|parameters)"\s*:\s*\{.*\}\s*\}\s*(?:```)?\s*\Z',
    re.DOTALL,
)


def meant_as_call(text: str) -> str:
    """The tool that an answer names which is nothing but a call, written as text; empty where it is none."""
    found = _CALL.match(text.strip())
    return found[1] if found else ""


def tells_of_tools(text: str, tools: Collection[str]) -> bool:
    """Whether an answer tells of the program's own tools, as if the user had them."""
    return any(name in tools for name in _USED.findall(fenced(text).prose))


def about_files(asked: str) -> bool:
    """Whether what the user said is about files that are here, so that nobody can answer it without a look."""
    return _ABOUT_FILES.search(asked) is not None


def only_shown(text: str, files: Mapping[str, str]) -> str:
    """A function of one of these files that an answer shows as the file does not hold it; empty where there is none.

    Of several versions the last counts: first comes what is wrong.
    """
    blocks = fenced(text).blocks
    for path, held in files.items():
        shown = {name: body for block in blocks for name, body in _bodies(path, block.code).items()}
        known = _bodies(path, held) if shown else {}
        for name, body in shown.items():
            if known.get(name, body) != body:
                return name
    return ""


def unfounded(text: str, wrote: Collection[str]) -> list[str]:
    """Files that the text says were written, and that nothing wrote."""
    claimed = (found[1] or found[2] for found in _CLAIM.finditer(fenced(text).prose))
    names = dict.fromkeys(name.strip("./") for name in claimed)
    return [name for name in names if not any(_is_same(name, path) for path in wrote)]


def _bodies(path: str, text: str) -> dict[str, list[str]]:
    """What a text defines, without regard to blanks."""
    lines = text.split("\n")

    def body(one: Definition) -> list[str]:
        return " ".join(lines[one.first - 1 : one.last]).split()

    return {one.name: body(one) for one in definitions(path, text)}


def _is_same(name: str, path: str) -> bool:
    return path == name or path.endswith(f"/{name}") or name.endswith(f"/{path}")
