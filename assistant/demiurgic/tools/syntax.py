"""Tells a model at once that what it wrote cannot be parsed. Python, JSON and TOML are known; all else passes."""

import ast
import json
import tomllib

_LONGEST = 1 << 20


def problem_in(path: str, text: str) -> str:
    """What is wrong with a file's text, and where; empty if nothing is."""
    kind = path.rpartition(".")[2].lower()
    if len(text) > _LONGEST or not text.strip():
        return ""
    try:
        if kind in ("py", "pyi"):
            ast.parse(text)
        elif kind == "json":
            json.loads(text)
        elif kind == "toml":
            tomllib.loads(text)
    except SyntaxError as error:
        return f"Warning: it has a syntax error in line {error.lineno}: {error.msg}"
    except ValueError as error:  # JSON, TOML, and Python with NUL characters in it
        return f"Warning: it cannot be parsed: {error}"
    except (RecursionError, MemoryError):
        return "Warning: it is nested too deeply to be checked"
    return ""
