"""The tool that replaces one whole function or class by name, or adds one: the edit that a small model gets right."""

import ast
import difflib
import re
from collections.abc import Sequence

from demiurgic.errors import ToolFailed
from demiurgic.messages import JsonObject, Tool
from demiurgic.tools.changing import ChangePlan, FileNow, Unfit, existing_file
from demiurgic.tools.definitions import BRACED, Definition, definitions
from demiurgic.tools.indenting import indentation
from demiurgic.tools.protocol import Surroundings
from demiurgic.tools.schema import TEXT, arguments
from demiurgic.tools.syntax import problem_in
from demiurgic.tools.textfile import TextFile

SPEC = Tool(
    "rewrite",
    "Replace one whole function or class, or add one.",
    arguments({"path": TEXT, "name": TEXT, "code": TEXT}),
)
_NAMED = 30
_MISTYPED = 0.9
"""How like a known name a new one must look to be taken for a slip."""


class RewriteTool:
    """Replaces a function or class."""

    spec = SPEC
    existing = ("path",)

    def plan(self, arguments: JsonObject, around: Surroundings) -> ChangePlan | Unfit:
        now, file = existing_file(around, arguments["path"])
        try:
            return _change(now, file, arguments)
        except ToolFailed as error:
            return Unfit(now.path, error)


# What it names instead of itself is write: the smallest models have no edit.
def _change(now: FileNow, file: TextFile, arguments: JsonObject) -> ChangePlan:
    text = file.text.replace("\r\n", "\n")
    if "\r" in text:
        raise ToolFailed(f"{now.shown} has line ends of an unusual kind", "use write")
    code = _lines_of_code(arguments["code"])
    definition = _named(now.path, text, arguments["name"])
    if definition is None:
        return _added(now, file, code, arguments["name"])
    _check_code(now.path, code, definition.name)
    code = _alone(now, text, code, definition.name)
    lines = text.split("\n")
    first = definition.decorated if code[0].lstrip().startswith("@") else definition.first
    indented = _indented(code, indentation(lines[definition.first - 1]), now.path)
    changed = "\n".join((*lines[: first - 1], *indented, *lines[definition.last :]))
    if changed == text:
        others = [one.name for one in definitions(now.path, text) if one.name != definition.name][:_NAMED]
        where = f"elsewhere, perhaps in {' or '.join(others)}" if others else "elsewhere"
        hint = f"the mistake is {where}; running the tests shows where"
        raise ToolFailed(f"{definition.name} in {now.shown} says exactly that already", hint)
    said = f"Rewrote {definition.name} in {now.shown}, lines {first}-{first + len(code) - 1}."
    return ChangePlan(now, _saying(now, file, changed), said)


def _added(now: FileNow, file: TextFile, code: Sequence[str], name: str) -> ChangePlan:
    """The file with one more definition at its end."""
    try:
        _check_code(now.path, code, name)
    except ToolFailed as error:
        said = f"there is no {name} in {now.shown} to replace, and it cannot be added: {error.message}"
        raise ToolFailed(said, error.hint) from error
    before = file.text.replace("\r\n", "\n").rstrip("\n")
    code = _alone(now, before, code, name.removesuffix("()"))
    changed = "\n".join((*([before, "", ""] if before else []), *_indented(code, "", now.path), ""))
    first = changed.count("\n") - len(code) + 1
    return ChangePlan(
        now, _saying(now, file, changed), f"Added {name} to {now.shown}, lines {first}-{first + len(code) - 1}."
    )


def _saying(now: FileNow, file: TextFile, changed: str) -> TextFile:
    if problem := problem_in(now.path, changed):
        raise ToolFailed(f"not written: {now.shown} would not be valid. {problem.removeprefix('Warning: it')}")
    after = file.saying(changed.replace("\n", "\r\n") if file.newline == "\r\n" else changed)
    after.data()
    return after


def _named(path: str, text: str, name: str) -> Definition | None:
    """The definition of this name; None where there is none, nor one that was probably meant."""
    kind = path.rpartition(".")[2].lower()
    if kind not in BRACED and kind not in ("py", "pyi"):
        raise ToolFailed(f"functions of .{kind} files are not known", "use write")
    known = definitions(path, text)
    wanted = name.replace("::", ".").replace("#", ".").removesuffix("()")
    found = [one for one in known if one.name == wanted] or [one for one in known if one.name.endswith(f".{wanted}")]
    if len(found) == 1:
        return found[0]
    if found:
        where = ", ".join(f"{one.name} at line {one.first}" for one in found)
        raise ToolFailed(f"{len(found)} definitions are called {name}: {where}", "name the class too")
    names = [one.name for one in known]
    mistyped = difflib.get_close_matches(wanted, names, n=1, cutoff=_MISTYPED)
    # In braces a definition may be there that was not understood.
    if wanted.isidentifier() and not mistyped and (kind not in BRACED or not re.search(rf"\b{wanted}\b", text)):
        return None
    near = difflib.get_close_matches(wanted, names, n=3) or names[:_NAMED]
    raise ToolFailed(f"there is no {name} in {path}", f"it has {', '.join(near)}" if near else "it has none; use write")


def _lines_of_code(code: str) -> list[str]:
    lines = [line.rstrip("\r") for line in code.split("\n")]
    while lines and not lines[-1].strip():
        del lines[-1]
    while lines and not lines[0].strip():
        del lines[0]
    if not lines:
        raise ToolFailed("`code` is empty", "to delete a function, use write")
    return lines


def _check_code(path: str, code: Sequence[str], name: str) -> None:
    """The code is the definition of this name, whole: not its body alone, nor something else."""
    own = name.removesuffix("()").rpartition(".")[2]
    dedented = "\n".join(_indented(code, "", path))
    if path.endswith((".py", ".pyi")):
        try:
            parsed = ast.parse(dedented).body
        except (SyntaxError, ValueError) as error:
            raise ToolFailed(f"`code` has a syntax error: {error}") from error
        names = [getattr(statement, "name", None) for statement in parsed]
    else:
        names = [one.name for one in definitions(path, dedented)]
    if own not in names:
        raise ToolFailed(f"`code` does not define {own}", "give the whole definition, from its first line")


def _alone(now: FileNow, text: str, code: Sequence[str], name: str) -> list[str]:
    """The code without what it repeats of the file's other definitions, which would stand there twice."""
    scope, dot, own = name.rpartition(".")
    there = {one.name: one for one in definitions(now.path, text)}
    lines, kept = text.split("\n"), list(code)
    for one in reversed(definitions(now.path, "\n".join(_indented(code, "", now.path)))):
        other = there.get(f"{scope}{dot}{one.name}")
        if other is None or one.name == own or "." in one.name:
            continue
        said, stands = code[one.decorated - 1 : one.last], lines[other.decorated - 1 : other.last]
        if _indented(said, "", now.path) != _indented(stands, "", now.path):
            hint = f"give {own} alone, and {one.name} in a call of its own"
            raise ToolFailed(f"`code` changes {one.name} too", hint)
        del kept[one.decorated - 1 : one.last]
    return _lines_of_code("\n".join(kept))


def _indented(code: Sequence[str], indent: str, path: str) -> list[str]:
    """The code, its first line at this indentation and the others as far from it as they were."""
    own = indentation(code[0])
    if own == indent:
        return list(code)
    if (
        not own
        and len(code) > 1
        and all(line.startswith((indent + " ", indent + "\t")) for line in code[1:] if line.strip())
    ):
        return [indent + code[0], *code[1:]]  # only the first line came without its indentation
    fixed = _inside_texts(code) if path.endswith((".py", ".pyi")) else set[int]()
    done: list[str] = []
    for number, line in enumerate(code):
        if number in fixed or not line.strip():
            done.append(line if number in fixed else "")
        elif line.startswith(own):
            done.append(indent + line[len(own) :])
        else:
            raise ToolFailed(f"line {number + 1} of `code` is indented less than its first line")
    return done


def _inside_texts(code: Sequence[str]) -> set[int]:
    """Lines that begin within a string, docstrings apart: moving them would change what the string says."""
    try:
        tree = ast.parse("\n".join(code) if not indentation(code[0]) else "if 1:\n" + "\n".join(code))
    except (SyntaxError, ValueError):
        return set()
    shift = 1 if indentation(code[0]) else 0
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    fixed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in docstrings:
            fixed.update(range(node.lineno - shift, (node.end_lineno or node.lineno) - shift))
    return fixed
