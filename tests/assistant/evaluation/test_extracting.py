"""Code out of answers: whole, without examples, and never worse than it was."""

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demiurgic.evaluation.extracting import completion_of
from demiurgic.evaluation.problems import Problem, load_problems
from demiurgic.evaluation.prompts import prompt_form
from demiurgic.evaluation.running import Plan
from demiurgic.evaluation.stopping import EndOfFunction
from demiurgic.evaluation.writing import Written

PROBLEM = Problem(
    "T/0", 'import math\n\n\ndef add(a, b):\n    """Add."""\n', "add", "def check(c):\n    assert c(1, 2) == 3\n"
)
HUMAN_EVAL = load_problems()


def defined(answer: str, problem: Problem = PROBLEM) -> dict:
    completion = completion_of(problem, answer)
    assert completion is not None
    space: dict = {}
    exec(problem.program(completion), space)
    return space


@pytest.mark.parametrize(
    "answer",
    [
        "def add(a, b):\n    return a + b\n",
        "Sure!\n\n```python\ndef add(a, b):\n    return a + b\n```\nThis adds.",
        "```\ndef add(a, b):\n    return a + b",
        "```python\nprint('no')\n```\nand\n```python\ndef add(a, b):\n    return a + b\n```",
        "def add(a, b):\n    return a + b\n```\nThe rest is talk: def add(): pass",
        "    return a + b\n",
        "```python\n    return a + b\n```",
        "def add(a, b):\n    return a + b\n\nprint(add(1, 2)\n",
        "from math import *\n@staticmethod\ndef helper(x):\n    return x\n\ndef add(a, b):\n    return helper(a) + b\n",
        "ONE = 1\nif True:\n    TWO = ONE * 2\ndef add(a, b):\n    return a + b + TWO - 2\n",
        "try:\n    from operator import add as p\nexcept ImportError:\n    pass\ndef add(a, b):\n    return p(a, b)\n",
        "if True:\n    def plus(a, b):\n        return a + b\ndef add(a, b):\n    return plus(a, b)\n",
        "def add(a, b):\n    # a comment\n    return a + b\n\nif __name__ == '__main__':\n    exit(1)\nassert 0\n",
        "class Adder:\n    def add(self): ...\n\ndef add(a, b):\n    return a\n\ndef add(a, b):\n    return b + a\n",
    ],
)
def test_the_function_is_found_and_nothing_else_runs(answer: str):
    assert defined(answer)["add"](1, 2) == 3


@pytest.mark.parametrize("answer", ["", "I cannot.", "def subtract(a, b):\n    return a - b\n", "```python\n```"])
def test_an_answer_without_the_function_is_no_code(answer: str):
    assert completion_of(PROBLEM, answer) is None


def test_what_does_not_parse_is_judged_as_it_is():
    completion = completion_of(PROBLEM, "def add(a, b:\n    return a\n")
    assert "def add(a, b:" in completion


def test_a_prompt_without_a_body_gets_one():
    bare = Problem("T/1", "def add(a, b):\n", "add", "")
    assert defined("def add(a, b):\n    return a + b\n", bare)["add"](1, 2) == 3


@pytest.mark.parametrize("end", ["", "\n", "\n    "])
def test_a_body_begins_on_a_line_of_its_own_however_the_prompt_ends(end: str):
    problem = replace(PROBLEM, prompt=PROBLEM.prompt.rstrip() + end)
    assert defined("    return a + b\n", problem)["add"](1, 2) == 3
    written = Written("    return a + b\n", "end_token")
    completion = Plan({}, prompt_form("completion")).completion(problem, written)
    compile(problem.program(completion), "<program>", "exec")


def test_lines_are_kept_as_they_were():
    code = "def add(a,b) :\n\n    # why\n    return   a+b  # sum"
    assert code in completion_of(PROBLEM, f"```python\n{code}\n```")


def test_all_canonical_solutions_survive_and_are_stopped_at_their_end():
    programs = []
    for problem in HUMAN_EVAL.values():
        whole = problem.prompt + problem.canonical_solution
        answer = f"Here it is.\n```python\n{whole}\n# Example\nprint({problem.entry_point})\n```\n"
        watch = EndOfFunction(problem.entry_point, begun=False)
        place = next(found for end in range(len(answer) + 1) if (found := watch.place(answer[:end])) is not None)
        assert answer[place:].lstrip().startswith(("# Example", "print(", "```")), problem.task_id
        assert completion_of(problem, answer[:place]) == completion_of(problem, answer), problem.task_id
        checked = problem.program(completion_of(problem, answer)) + f"\n{problem.test}\ncheck({problem.entry_point})\n"
        programs.append(checked)
    loop = "import sys, json\nfor source in json.load(sys.stdin):\n    exec(source, {'__name__': 'judged'})\n"
    import json

    done = subprocess.run([sys.executable, "-c", loop], input=json.dumps(programs), text=True, capture_output=True)
    assert done.returncode == 0, done.stderr[-500:]


def stopped(answer: str, entry_point: str = "add", **how) -> str | None:
    """What is left of an answer, told letter by letter."""
    watch = EndOfFunction(entry_point, **{"begun": True, **how})
    for end in range(len(answer) + 1):
        place = watch.place(answer[:end])
        if place is not None:
            return answer[:place]
    return None


WHOLE = "def add(a, b):\n    return a + b"


@pytest.mark.parametrize(
    ("behind", "ends"),
    [
        ("\n\nprint(add(1, 2))\n", True),
        ("\n```", True),
        ("\nassert add(1, 2) == 3\n", True),
        ("\nadd(1, 2)\n", True),
        ("\nThis function adds.\n", True),
        ("\n\ndef helper():\n    pass", False),
        ("\n\n# a comment\ndef helper():\n    pass", False),
        ("\nLIMIT = 3\n", False),
        ("\nLIMIT: int = 3\n", False),
        ("\n    more = 1\n", False),
        ("\n\n\n", False),
        ("\n@cache\ndef helper():\n    pass", False),
        ("\nimport math\n", False),
    ],
)
def test_the_function_ends_where_something_else_begins(behind: str, ends: bool):
    assert stopped(WHOLE + behind) == ((WHOLE if not behind.startswith("\n\n") else WHOLE + "\n") if ends else None)


def test_the_end_within_a_text_or_a_bracket_is_none():
    code = 'def add(a, b):\n    text = """\nprint(1)\n"""\n    return (\na +\nb\n)\n'
    assert stopped(code) is None
    assert stopped(code + "print(2)\n") == code.rstrip("\n")


def test_prose_before_the_code_is_no_code():
    answer = f"Think first.\nprint is a function.\n```python\n{WHOLE}\n```\n"
    assert stopped(answer, begun=False) == answer[: answer.rindex("\n```")]


def test_a_body_ends_with_the_first_line_that_stands_at_the_margin():
    before = 'def add(a, b):\n    """Add."""\n'
    assert stopped("    return a + b\n\n\ndef test():\n    pass\n", before=before) == "    return a + b\n\n"
    assert stopped("    return a + b\n    \n", before=before) is None


@given(st.text(alphabet="ab(){}[]:\"'\n #`=\\ defprint", max_size=200), st.booleans())
def test_no_text_breaks_it(text: str, begun: bool):
    place = EndOfFunction("add", begun=begun).place(text)
    assert place is None or 0 <= place <= len(text)
    completion_of(PROBLEM, text)
