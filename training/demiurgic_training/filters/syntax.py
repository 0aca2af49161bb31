"""Python that is none."""

import ast
import warnings
from dataclasses import dataclass

from demiurgic.fences import fenced
from demiurgic_training.rows import Row


@dataclass(frozen=True, slots=True)
class BadSyntax:
    """A block of the last answer that calls itself Python cannot be parsed. Sessions of an interpreter are let be."""

    name: str = "syntax"

    def judge(self, row: Row) -> str | None:
        """Why a row is dropped, if it is."""
        for block in fenced(row.answer).blocks:
            if block.is_python and ">>>" not in block.code and (problem := _problem(block.code)):
                return f"its Python does not parse: {problem}"
        return None


def _problem(code: str) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an escape that is none is no reason to drop anything
            ast.parse(code)
    except SyntaxError as error:
        return f"{error.msg}, line {error.lineno}"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__
    return None
