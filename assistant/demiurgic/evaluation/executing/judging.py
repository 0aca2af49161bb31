"""One trial: the problem's tests, run here, on a program that runs elsewhere.

The tests are trusted and run as they are; what they import, they import here. Names that they use and nobody here
defines are asked of the program, as if both were one file.
"""

import builtins
import random
import reprlib
import sys
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, TracebackType
from typing import Any

from demiurgic.evaluation.executing.asking import BadTest, Broken, Line, Over
from demiurgic.evaluation.verdicts import Outcome

SEED = 0
_FILE = "<test>"
_LONGEST_LINE = 200
_LONG = 1 << 16


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried."""

    prompt: str
    test: str
    entry: str
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """How a trial ended, as far as the judge can tell."""

    outcome: Outcome
    detail: str = ""
    line: str = ""
    gone: bool = False


def try_program(trial: Trial, line: Line) -> Finding:
    """Run the tests to their end. A pass is nothing else than that."""
    try:
        line.begin(trial.source, trial.entry, SEED)
        _run(trial, line)
        line.finish()
    except Over as over:
        return Finding(over.outcome, over.detail, over.line, over.gone)
    except Broken:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a test raises is a verdict
        if line.over is not None:
            return Finding(line.over.outcome, line.over.detail, line.over.line, line.over.gone)
        return _failure(error, trial.test, line)
    return Finding(Outcome.PASS)


def _run(trial: Trial, line: Line) -> None:
    _seed()
    namespace: dict[str, Any] = {"__name__": "test"}
    beginning = _beginning(trial.prompt)
    if beginning is not None:
        exec(beginning, namespace)
    code, names = _compiled(trial.test)
    if "check" not in code.co_names:
        raise BadTest("it does not define check")
    for name in names - namespace.keys():  # what the test defines itself takes their places
        namespace[name] = line.function(name)
    namespace[trial.entry] = line.function(trial.entry)
    exec(code, namespace)
    namespace["check"](namespace[trial.entry])


def _seed() -> None:
    random.seed(SEED)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(SEED)


def _failure(error: Exception, test: str, line: Line) -> Finding:
    raised, where = line.raised, _failing_line(error.__traceback__, test)
    if raised is not None and error is raised.error:
        return Finding(Outcome.EXCEPTION, _one_line(raised.name, raised.text), raised.line or where)
    if isinstance(error, (BadTest, ImportError)):
        raise BadTest(str(error)) from error
    if isinstance(error, MemoryError):
        return Finding(Outcome.MEMORY, "its answers are more than its judge can hold", where)
    if isinstance(error, AssertionError):
        said = str(error) or f"the last answer was {reprlib.repr(line.last)}"
        return Finding(Outcome.ASSERTION, _one_line("AssertionError", said), where)
    return Finding(Outcome.EXCEPTION, _one_line(type(error).__name__, str(error)), where)


def _one_line(name: str, text: str) -> str:
    return " ".join(f"{name}: {text}".split())[: 2 * _LONGEST_LINE] if text else name


def _failing_line(trace: TracebackType | None, test: str) -> str:
    number = 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _FILE:
            number = trace.tb_lineno
        trace = trace.tb_next
    lines = test.splitlines()
    return lines[number - 1].strip()[:_LONGEST_LINE] if 0 < number <= len(lines) else ""


@lru_cache(maxsize=1024)
def _beginning(prompt: str) -> CodeType | None:
    """What a problem's prompt defines: the helpers that its tests may use. Its last function is often only begun."""
    for source in (prompt, f"{prompt}\n    pass\n"):
        try:
            return compile(source, "<prompt>", "exec")
        except SyntaxError:  # a prompt need not be code
            continue
    return None


def _compiled(test: str) -> tuple[CodeType, frozenset[str]]:
    return (_long_test if len(test) > _LONG else _short_test)(test)


@lru_cache(maxsize=1024)
def _short_test(test: str) -> tuple[CodeType, frozenset[str]]:
    try:
        code = compile(test, _FILE, "exec")
    except (SyntaxError, ValueError) as error:
        raise BadTest(f"it cannot be compiled: {error}") from error
    return code, frozenset(_names(code) - vars(builtins).keys())


@lru_cache(maxsize=4)
def _long_test(test: str) -> tuple[CodeType, frozenset[str]]:
    return _short_test.__wrapped__(test)


def _names(code: CodeType) -> set[str]:
    """All names that a program looks up or gives outside of its functions' own, and those of attributes."""
    return set(code.co_names).union(*(_names(inner) for inner in code.co_consts if isinstance(inner, CodeType)))
