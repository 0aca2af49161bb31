"""One small change to one function of a file, as each tool would have the model write it."""

import ast
from dataclasses import dataclass

from bench.tasks import functions
from demiurgic.messages import Json

NAME = "module.py"
_LINE = '    """Changed."""'


@dataclass(frozen=True, slots=True)
class Change:
    """A file, and the arguments of the call that changes it: by tool."""

    before: str
    calls: dict[str, dict[str, Json]]


def change(lines: int) -> Change:
    """A file of about so many lines of Python's own library. Its first function gets a line more.

    The first, so that the beginning of the file holds the whole change.
    """
    first, *others = _unlike(functions())
    text = first
    for code in others:
        if text.count("\n") >= lines:
            break
        text += f"\n\n{code}"
    changed, old, new = _with_a_line(first, text)
    name = first[len("def ") : first.index("(")]
    after = text.replace(first, changed, 1)
    assert text.replace(old, new) == after
    return Change(
        text,
        {
            "edit": {"path": NAME, "old": old, "new": new},
            "rewrite": {"path": NAME, "name": name, "code": changed},
            "write": {"path": NAME, "content": after},
        },
    )


def _with_a_line(code: str, text: str) -> tuple[str, str, str]:
    """The function with a line before its first statement, and the whole lines around it that the file has only once:
    as they are, and as they shall be."""
    lines = code.splitlines(keepends=True)
    statement = ast.parse(code).body[0]
    assert isinstance(statement, ast.FunctionDef)
    at = statement.body[0].lineno - 1
    start, end = at - 1, at + 1
    while text.count("".join(lines[start:end])) > 1:
        end += 1
    new = "".join((*lines[start:at], f"{_LINE}\n", *lines[at:end]))
    return "".join((*lines[:start], new, *lines[end:])), "".join(lines[start:end]), new


def _unlike(codes: list[str]) -> list[str]:
    """Each name once, the first of about twenty lines."""
    named = {code[: code.index("(")]: code for code in codes}
    return sorted(named.values(), key=lambda code: code.count("\n") != 20)
