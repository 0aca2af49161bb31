"""From what a teacher invented to a task with tests that can be run."""

import ast

from demiurgic.chat.asking import object_in
from demiurgic.chat.lenient import json_list, json_text
from demiurgic_training.generating.seeds import Task
from demiurgic_training.generating.values import Dropped


def read_invention(text: str) -> Task | Dropped:
    """A task with its tests, be the JSON fenced or among words."""
    told = object_in(text) or {}
    prompt, function = json_text(told.get("task")).strip(), json_text(told.get("function"))
    tests = [test for test in json_list(told.get("tests")) if isinstance(test, str) and _tests(test, function)]
    if not prompt or not function.isidentifier():
        return Dropped("no task")
    return Task(prompt, "\n".join(tests), function) if tests else Dropped("no tests")


def _tests(test: str, function: str) -> bool:
    """Whether a test is Python, asserts something and calls the function."""
    try:
        nodes = list(ast.walk(ast.parse(test)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    asserts = any(isinstance(node, ast.Assert) for node in nodes)
    return asserts and any(isinstance(node, ast.Name) and node.id == function for node in nodes)
