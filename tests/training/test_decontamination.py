"""HumanEval is found wherever it was planted, and clean code is let be."""

import ast
import json
import re
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest
from support.rows import write_lines

from demiurgic.errors import UserError
from demiurgic.evaluation.problems import Problem, load_problems
from demiurgic_training.decontamination import Decontamination, human_eval, references_in
from demiurgic_training.rows import asked

PROBLEMS = list(load_problems().values())
OTHER_WORDS = "Does what was asked for."


@pytest.fixture(scope="module")
def decontamination() -> Decontamination:
    return Decontamination(human_eval())


def source(problem: Problem) -> str:
    return problem.prompt + problem.canonical_solution


def names_of(tree: ast.AST) -> dict[str, str]:
    """A new name for everything that a program names itself."""
    own = set[str]()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                own.add(name)
            case _:
                pass
    return {name: f"quantity_{number}" for number, name in enumerate(sorted(own))}


def renamed(problem: Problem) -> str:
    """Under other names, in its docstring and its examples as well."""
    new = names_of(ast.parse(source(problem)))
    return re.sub(r"\b[A-Za-z_]\w*\b", lambda found: new.get(found[0], found[0]), source(problem))


class Renaming(ast.NodeTransformer):
    def __init__(self, new: dict[str, str]) -> None:
        self.new = new

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.new.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg = self.new.get(node.arg, node.arg)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.name = self.new.get(node.name, node.name)
        self.generic_visit(node)
        return node


def renamed_in_code(problem: Problem) -> str:
    """Under other names where they are names, as an editor renames them, and laid out anew."""
    tree = ast.parse(source(problem))
    return ast.unparse(Renaming(names_of(tree)).visit(tree))


def reformatted(problem: Problem) -> str:
    """As Python itself would lay it out: other quotes, blanks, brackets, lines; no comments."""
    return ast.unparse(ast.parse(source(problem)))


def squeezed(problem: Problem) -> str:
    """Deeper indented and full of blanks."""
    return re.sub(r"([-+*/=<>(),:])", r" \1  ", source(problem)).replace("    ", "\t\t").replace("\n", "\n\n")


def commented(problem: Problem) -> str:
    """Each line of code has a comment of its own, and the docstring says something else."""
    tree = ast.parse(source(problem))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Expr(ast.Constant(OTHER_WORDS))
    return "\n".join(f"{line}  # step {number}" for number, line in enumerate(ast.unparse(tree).splitlines()))


def uncommented(problem: Problem) -> str:
    """Nothing is said in it but code."""
    tree = ast.parse(source(problem))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


DISGUISES: tuple[Callable[[Problem], str], ...] = (
    source,
    renamed,
    renamed_in_code,
    reformatted,
    squeezed,
    commented,
    uncommented,
)


@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda disguise: disguise.__name__)
def test_every_problem_is_found_in_every_disguise(disguise, decontamination: Decontamination):
    missed = [problem.task_id for problem in PROBLEMS if decontamination.find(disguise(problem)) is None]
    assert missed == []


def test_a_prompt_is_found_with_any_answer_and_an_answer_among_others(decontamination: Decontamination):
    for problem in PROBLEMS:
        assert decontamination.judge(asked(problem.prompt, "I would rather talk about the weather.")), problem.task_id
        code = f"```python\nimport os\n\n{source(problem)}\n```"
        assert decontamination.judge(asked("Something else?", f"Of course.\n\n{code}\n\nThat is it.")), problem.task_id


def test_a_reason_names_the_problem(decontamination: Decontamination):
    [problem] = [problem for problem in PROBLEMS if problem.task_id == "HumanEval/4"]
    assert decontamination.judge(asked(problem.prompt, "?")) == "holds HumanEval/4"


def library_functions(count: int) -> list[tuple[str, str]]:
    """Functions of the standard library, from as many modules as there are."""
    found: list[tuple[str, str]] = []
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.glob("*.py")):
        text = path.read_text("utf-8", errors="replace")
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        lines = text.splitlines()
        found += [
            (f"{path.name}:{node.name}", "\n".join(lines[node.lineno - 1 : node.end_lineno])) for node in functions[:40]
        ]
    step = len(found) / count
    assert step >= 1
    return [found[int(number * step)] for number in range(count)]


@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_no_function_of_the_standard_library_is_dropped(decontamination: Decontamination):
    functions = library_functions(1000)
    dropped = {name: found for name, text in functions if (found := decontamination.find(text))}
    assert dropped == {}
    assert len({text for _, text in functions}) > 900


def test_common_tasks_and_answers_are_let_be(decontamination: Decontamination):
    for question, answer in (
        ("Write a function that returns the sum of a list.", "def total(numbers):\n    return sum(numbers)"),
        ("Return the largest of two numbers.", "def larger(a, b):\n    return a if a > b else b"),
        ("Given a list of integers, sort it.", "def in_order(numbers):\n    return sorted(numbers)"),
        ("Is a number prime?", "def prime(n):\n    return n > 1 and all(n % i for i in range(2, n))"),
    ):
        assert decontamination.find(f"{question}\n{answer}") is None


def test_any_file_is_kept_out(tmp_path: Path):
    lines = [{"id": 1, "question": "Name the seven hills that the old town by the river was built upon.", "n": [3]}]
    jsonl = write_lines(tmp_path / "exam.jsonl", lines)
    text = tmp_path / "exam.txt"
    text.write_text("苏格拉底说他知道自己什么都不知道，这是为什么？", "utf-8")
    against = Decontamination([*references_in(jsonl), *references_in(text)])
    assert against.find("Please name the seven hills that the old town by the river was built upon!") == "exam.jsonl:1"
    assert against.find("请问：苏格拉底说他知道自己什么都不知道，这是为什么？请回答。") == "exam.txt"
    assert against.find("Name the hills of the town.") is None


def test_a_file_that_cannot_be_kept_out_is_refused(tmp_path: Path):
    broken = tmp_path / "exam.jsonl"
    broken.write_text(json.dumps({"a": 1}) + "\n{\n")
    for path, problem in ((broken, "line 2"), (tmp_path / "none.txt", "cannot be read")):
        with pytest.raises(UserError, match=problem):
            list(references_in(path))
