"""Where the functions and classes of a file stand, so that one can be replaced as a whole.

Python is parsed. Of other languages only well-formed layout is understood: a definition whose closing brace stands
below its first letter, with everything between indented further. What does not look like that is not offered.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from demiurgic.tools.indenting import indentation

BRACED = frozenset(
    (
        "c",
        "cc",
        "cpp",
        "cs",
        "cxx",
        "dart",
        "go",
        "h",
        "hpp",
        "java",
        "js",
        "jsx",
        "kt",
        "php",
        "rs",
        "swift",
        "ts",
        "tsx",
    )
)
"""Ends of the names of files whose functions stand in braces."""
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_PYTHON_HEAD = re.compile(r"(?:async\s+def|def|class)\s+(\w+)")
_WORDS = r"(?:function\*?|func|fn|fun|class|struct|interface|enum|trait|object|record|type)"
_BRACED_HEADS = (
    re.compile(rf"^(?:[\w@]+\s+)*{_WORDS}\s+(\w+)"),
    re.compile(r"^func\s*\([^)]*\)\s*(\w+)"),
    re.compile(r"^(?:export\s+)?(?:default\s+)?(?:const|let|var)\s+(\w+)\s*(?::[^=]*)?=.*(?:=>|\bfunction\b).*\{$"),
    re.compile(r"^(?:[\w<>\[\],.:?&*~]+\s+)*[*&]*(\w+)\s*(?:<[^>]*>)?\([^;]*\{$"),
)
_NO_NAMES = frozenset(("if", "for", "while", "switch", "catch", "return", "else", "do", "try", "new", "await", "match"))
_LONGEST = 500
"""Characters of a line that may begin a definition."""
_CLOSING = re.compile(r"^\}[;,)\s]*$")


@dataclass(frozen=True, slots=True)
class Definition:
    """One function or class, by its full name. Lines are counted from 1 and include the last."""

    name: str
    decorated: int
    """Its first line, decorators included."""
    first: int
    last: int


def definitions(path: str, text: str) -> list[Definition]:
    """All that can be told for certain, in the order of their beginnings."""
    kind = path.rpartition(".")[2].lower()
    lines = text.split("\n")
    if kind in ("py", "pyi"):
        try:
            return list(_parsed(ast.parse(text), "", lines))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return _indented(lines)
    return _braced(lines) if kind in BRACED else []


def _parsed(node: ast.AST, scope: str, lines: Sequence[str]) -> Iterator[Definition]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _Scope):
            yield from _parsed(child, scope, lines)
            continue
        name = f"{scope}{child.name}"
        top = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
        last = child.end_lineno or child.lineno
        if _stands_alone(child, lines[child.lineno - 1], lines[last - 1]):
            yield Definition(name, top, child.lineno, last)
        yield from _parsed(child, f"{name}.", lines)


def _stands_alone(node: _Scope, first: str, last: str) -> bool:
    """Whether nothing else shares its lines, such as a statement behind a semicolon."""
    rest = last.encode()[node.end_col_offset or 0 :].strip()
    return not first.encode()[: node.col_offset].strip() and (not rest or rest.startswith(b"#"))


def _indented(lines: Sequence[str]) -> list[Definition]:
    """Python that does not parse: a definition reaches to the next line that is indented no further."""
    found: list[Definition] = []
    scopes: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        if not (head := _PYTHON_HEAD.match(line.lstrip())):
            continue
        depth = len(indentation(line))
        scopes = [scope for scope in scopes if scope[0] < depth]
        last = number
        for after in range(number + 1, len(lines)):
            if (
                lines[after].strip()
                and len(indentation(lines[after])) <= depth
                and lines[after].strip()[0] not in ")]}"
            ):
                break
            last = after if lines[after].strip() else last
        name = ".".join((*(scope[1] for scope in scopes), head[1]))
        found.append(Definition(name, number + 1, number + 1, last + 1))
        scopes.append((depth, head[1]))
    return found


def _braced(lines: Sequence[str]) -> list[Definition]:
    found: list[Definition] = []
    scopes: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        heads = (pattern.match(line.strip()) for pattern in _BRACED_HEADS if len(line) <= _LONGEST)
        name = next((head[1] for head in heads if head), None)
        if name is None or name in _NO_NAMES:
            continue
        last = _closing(lines, number)
        if last is not None:
            scopes = [scope for scope in scopes if scope[0] > number]
            found.append(Definition(".".join((*(s[1] for s in scopes), name)), number + 1, number + 1, last + 1))
            scopes.append((last, name))
    return found


def _closing(lines: Sequence[str], first: int) -> int | None:
    """The line with the brace that ends what begins in `first`, if indentation and braces agree on it."""
    own = indentation(lines[first])
    for number in range(first, len(lines)):
        line = lines[number].rstrip()
        if number > first and line.strip() and not _is_within(line, own):
            if not (_CLOSING.match(line[len(own) :]) and indentation(line) == own):
                return None
            return number if _balanced(lines[first : number + 1]) else None
        if number == first and "{" in line and _balanced([line]):
            return number
    return None


def _is_within(line: str, own: str) -> bool:
    indent = indentation(line)
    return (len(indent) > len(own) and indent.startswith(own)) or (indent == own and line.strip()[0] in "{)")


def _balanced(lines: Sequence[str]) -> bool:
    text = "\n".join(lines)
    return text.count("{") == text.count("}") > 0
