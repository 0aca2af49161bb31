"""Wrong versions of a right program: tests that all of them pass say nothing."""

import ast
from collections.abc import Iterator
from typing import Any

_SWAPPED: dict[type[ast.AST], type[Any]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


def mutants_of(code: str, count: int) -> list[str]:
    """At most so many wrong versions: the program with all functions hollow first, then others that differ in one sign
    or number each, spread over the whole. None where the code does not parse or has nothing to be changed."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    hollow = [ast.unparse(_Hollow().visit(ast.parse(code)))] if any(map(_is_function, ast.walk(tree))) else []
    return (hollow + list(_changed(code, tree, count)))[:count]


def _changed(code: str, tree: ast.Module, count: int) -> Iterator[str]:
    places = sum(map(_can_change, ast.walk(tree)))
    for place in sorted({places * number // count for number in range(count)}) if places else ():
        fresh = ast.parse(code)
        left = place
        for node in ast.walk(fresh):
            if not _can_change(node):
                continue
            if left == 0:
                _change(node)
                yield ast.unparse(fresh)
                break
            left -= 1


def _can_change(node: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=[sign, *_]) | ast.BinOp(op=sign) | ast.BoolOp(op=sign) | ast.AugAssign(op=sign):
            return type(sign) in _SWAPPED
        case ast.Constant(value=int() | float()):
            return True
        case _:
            return False


def _change(node: ast.AST) -> None:
    match node:
        case ast.Compare(ops=[sign, *_]):
            node.ops[0] = _SWAPPED[type(sign)]()
        case ast.BinOp(op=sign) | ast.BoolOp(op=sign) | ast.AugAssign(op=sign):
            node.op = _SWAPPED[type(sign)]()
        case ast.Constant(value=bool() as value):
            node.value = not value
        case ast.Constant(value=int() | float() as value):
            node.value = value + 1
        case _:
            pass


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


class _Hollow(ast.NodeTransformer):
    """Functions that do nothing."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body = [ast.Pass()]
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        node.body = [ast.Pass()]
        return node
