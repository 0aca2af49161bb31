"""What candidates can say, how verdicts are told, and that nothing is left when all is over."""

import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cheats import LARGEST
from support.trials import executor, honest, one, problem

from demiurgic.errors import BadEvaluationFile, SandboxError
from demiurgic.evaluation.executing.executor import Executor
from demiurgic.evaluation.executing.houses import TrustedHouse
from demiurgic.evaluation.executing.limits import TrialLimits
from demiurgic.evaluation.problems import load_problems
from demiurgic.evaluation.verdicts import Candidate, Outcome


@pytest.fixture(scope="module")
def judging() -> Iterator[Executor]:
    with executor("namespaces") as opened:
        yield opened


@pytest.mark.parametrize(
    ("answer", "asserted"),
    [
        ("[1, (2.5, 'x'), {3: {4}}, None, True, b'z', 1j]", "== [1, (2.5, 'x'), {3: {4}}, None, True, b'z', 1j]"),
        ("10 ** 5000", "== 10 ** 5000"),
        ("-(2 ** 63) - 1", "== -(2 ** 63) - 1"),
        ("float('inf')", "> 10 ** 300"),
        ("float('nan')", "!= 0"),
        ("'\\ud800\\x00é'", "== '\\ud800\\x00é'"),
        ("frozenset([(1, 2)])", "== {(1, 2)}"),
        ("__import__('collections').Counter('aab')", "== {'a': 2, 'b': 1}"),
        ("{1: 2}.keys()", "== {1}"),
        ("None", "is None"),
        ("range(3)", "== range(3)"),
        ("bytearray(b'ab')", "== b'ab'"),
    ],
)
def test_plain_data_arrives_as_it_is(judging: Executor, answer: str, asserted: str) -> None:
    wanted = problem(f"def check(candidate):\n    assert candidate() {asserted}\n")
    assert one(judging, wanted, f"def answer():\n    return {answer}\n").passed


def test_an_iterator_is_no_list_but_can_be_one(judging: Executor) -> None:
    source = "def answer():\n    yield 1\n    yield 2\n"
    assert one(judging, problem("def check(candidate):\n    assert list(candidate()) == [1, 2]\n"), source).passed
    assert not one(judging, problem("def check(candidate):\n    assert candidate() == [1, 2]\n"), source).passed


def test_an_exception_can_be_expected(judging: Executor) -> None:
    test = """
def check(candidate):
    for wrong in (candidate, lambda: candidate(1)):
        try:
            wrong()
        except (ValueError, LookupError) as error:
            assert str(error) in ("nothing", "'one'"), str(error)
        else:
            assert False, "nothing was raised"
"""
    source = """
class Missing(KeyError): pass
def answer(*given):
    if given: raise Missing("one")
    raise ValueError("nothing")
"""
    assert one(judging, problem(test), source).passed


def test_a_function_that_answers_none_may_change_its_arguments(judging: Executor) -> None:
    test = "def check(candidate):\n    xs = [3, 1]\n    candidate(xs)\n    assert xs == [1, 3], xs\n"
    assert one(judging, problem(test), "def answer(xs):\n    xs.sort()\n").passed
    assert not one(judging, problem(test), "def answer(xs):\n    xs.sort()\n    return xs\n").passed


def test_helpers_are_the_prompts_and_else_the_programs(judging: Executor) -> None:
    test = "def check(candidate):\n    assert helper(candidate()) == 2\n"
    prompt = "def helper(x):\n    return x + 1\n\ndef answer():\n    '''Begun.'''\n"
    lying = "def helper(x):\n    return 2\n\ndef answer():\n    return 100\n"
    assert not one(judging, problem(test, prompt), lying).passed
    assert one(judging, problem(test), lying).passed
    assert (
        one(judging, problem(test), "def answer():\n    return 2\n").detail == "NameError: name 'helper' is not defined"
    )


def test_verdicts_say_where(judging: Executor) -> None:
    test = "def check(candidate):\n    assert candidate(1) == 1\n    assert candidate(0) == 7\n"
    wrong = one(judging, problem(test), "def answer(x):\n    return x\n")
    assert (wrong.outcome, wrong.line) == (Outcome.ASSERTION, "assert candidate(0) == 7")
    assert wrong.detail == "AssertionError: the last answer was 0"
    raised = one(judging, problem(test), "def answer(x):\n    y = 1 / (x - 1)\n    return y\n")
    assert (raised.outcome, raised.line) == (Outcome.EXCEPTION, "y = 1 / (x - 1)")
    assert raised.detail == "ZeroDivisionError: division by zero"
    broken = one(judging, problem(test), "def answer(x):\n    return x +\n")
    assert (broken.outcome, broken.line) == (Outcome.SYNTAX, "return x +")
    at_once = one(judging, problem(test), "import nothing_of_this_name\n")
    assert (at_once.outcome, at_once.line) == (Outcome.EXCEPTION, "import nothing_of_this_name")


def test_random_numbers_are_the_same_every_time(judging: Executor) -> None:
    test = "import random\ndef check(candidate):\n    assert False, (random.random(), candidate())\n"
    source = "import random\ndef answer():\n    return random.random()\n"
    assert one(judging, problem(test), source).detail == one(judging, problem(test), source).detail


def test_numpy_is_there_for_tests_and_programs(judging: Executor) -> None:
    test = "import numpy as np\ndef check(candidate):\n    assert np.allclose(candidate(), [1.0, 2.0])\n"
    source = "import numpy as np\ndef answer():\n    return list(np.linalg.inv(np.eye(2)) @ np.array([1.0, 2.0]))\n"
    assert one(judging, problem(test), source).passed


def test_temporary_files_are_a_programs_own(judging: Executor) -> None:
    test = "def check(candidate):\n    assert candidate() == []\n"
    source = """
import os, tempfile
def answer():
    found = os.listdir("/tmp")
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write("x")
    open("left", "w").close()
    return found
"""
    assert [one(judging, problem(test), source).passed for _ in range(3)] == [True] * 3


def test_whoever_waits_for_each_other_shares_a_core(judging: Executor) -> None:
    wanted = problem("def check(candidate):\n    import os\n    assert {candidate()} == os.sched_getaffinity(0)\n")
    source = "import os\ndef answer():\n    return max(os.sched_getaffinity(0))\n"
    verdict = one(judging, wanted, source)
    assert verdict.passed, verdict


def test_one_of_many_that_do_not_know_each_other_takes_no_core() -> None:
    cores = len(os.sched_getaffinity(0))
    wanted = problem(f"def check(candidate):\n    assert candidate() == {cores}\n")
    with executor("namespaces", 1) as judging:
        verdict = one(judging, wanted, "import os\ndef answer():\n    return len(os.sched_getaffinity(0))\n")
    assert verdict.passed, verdict


def test_a_test_that_asks_nothing_proves_nothing(judging: Executor) -> None:
    verdict = one(judging, problem("def check(candidate):\n    pass\n"), "def answer():\n    return 1\n")
    assert verdict.outcome is Outcome.NO_VERDICT


def test_a_test_that_catches_everything_hides_no_end(judging: Executor) -> None:
    test = "def check(candidate):\n    try:\n        candidate()\n    except BaseException:\n        pass\n"
    assert one(judging, problem(test), "import os\ndef answer():\n    os._exit(0)\n").outcome is Outcome.NO_VERDICT


@pytest.mark.parametrize(
    "test", ["def check(candidate:\n", "import nothing_of_this_name\n\ndef check(c): c()\n", "x = 1"]
)
def test_a_test_that_cannot_be_run_is_nobodys_failure(judging: Executor, test: str) -> None:
    with pytest.raises(BadEvaluationFile, match="Own/0"):
        one(judging, problem(test), "def answer():\n    return 1\n")
    assert one(judging, LARGEST, honest("x").source).passed


def test_verdicts_come_while_the_next_candidate_is_awaited(judging: Executor) -> None:
    go_on = threading.Event()

    def slowly() -> Iterator[Candidate]:
        yield honest("first")
        assert go_on.wait(60)
        yield honest("second")

    seen = judging.judge(slowly())
    assert next(seen)[0].key == "first"
    go_on.set()
    assert next(seen)[0].key == "second"


def test_what_draws_candidates_may_fail(judging: Executor) -> None:
    def failing() -> Iterator[Candidate]:
        yield honest("first")
        raise KeyError("of the model")

    with pytest.raises(KeyError, match="of the model"):
        list(judging.judge(failing()))


def test_a_judge_that_is_held_up_is_replaced() -> None:
    limits = TrialLimits(cpu=1, patience=1, thinking=1)
    test = "def check(candidate):\n    while candidate():\n        pass\n"
    with executor("namespaces", 1, limits) as judging:
        held_up = one(judging, problem(test), "def answer():\n    return 1\n")
        assert held_up.outcome in (Outcome.WALL_TIMEOUT, Outcome.CPU_TIMEOUT)
        assert one(judging, LARGEST, honest("x").source).passed


@pytest.mark.parametrize("kind", ["namespaces", "landlock", "trusted"])
def test_nothing_is_left(kind: str) -> None:
    source = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)\ndef largest(x): return max(x)\n"
    )
    before, children = set(Path(tempfile.gettempdir()).glob(f"demiurgic-*-{os.getpid()}-*")), _children()
    with executor(kind) as judging:
        list(judging.judge([Candidate(str(n), LARGEST, source) for n in range(4)] + [honest("x")]))
    assert sorted(_children()) == sorted(children)
    assert set(Path(tempfile.gettempdir()).glob(f"demiurgic-*-{os.getpid()}-*")) <= before


class Refusing(TrustedHouse):
    """Its servers cannot do what they are told to."""

    def settings(self, limits: TrialLimits) -> dict[str, object]:
        return {**super().settings(limits), "isolate": True, "keep": ["/nothing is here"]}


def test_a_server_that_cannot_confine_anybody_leaves_nothing_either() -> None:
    before, children = set(Path(tempfile.gettempdir()).glob(f"demiurgic-*-{os.getpid()}-*")), _children()
    judging = Executor(1, house=Refusing())
    try:
        with pytest.raises(SandboxError, match="cannot be confined"):
            one(judging, LARGEST, honest("x").source)
    finally:
        judging.close()
    assert sorted(_children()) == sorted(children)
    assert set(Path(tempfile.gettempdir()).glob(f"demiurgic-*-{os.getpid()}-*")) <= before


def test_closing_ends_what_is_under_way() -> None:
    with executor("namespaces", 1, TrialLimits(cpu=100)) as judging:
        endless = judging.judge([Candidate("x", LARGEST, "def largest(x):\n    while True: pass\n")])
        threading.Timer(1.0, judging.close).start()
        with pytest.raises(SandboxError, match="closed"):
            next(endless)


@pytest.mark.slow
def test_no_canonical_solution_times_out_on_busy_cores() -> None:
    hogs = [multiprocessing.get_context("spawn").Process(target=_hog, daemon=True) for _ in os.sched_getaffinity(0)]
    for hog in hogs:
        hog.start()
    try:
        candidates = [
            Candidate(f"{each.task_id} {turn}", each, each.program(each.canonical_solution))
            for turn in range(20)
            for each in load_problems().values()
        ]
        with executor("namespaces", limits=TrialLimits()) as judging:
            failed = [(c.key, verdict) for c, verdict in judging.judge(candidates) if not verdict.passed]
    finally:
        for hog in hogs:
            hog.kill()
            hog.join()
    assert not failed


def _hog() -> None:
    until = time.monotonic() + 600
    while time.monotonic() < until:
        pass


def _children() -> list[str]:
    """Command lines of this process's children, multiprocessing's own helper aside."""
    tasks = Path("/proc/self/task").iterdir()
    pids = [pid for task in tasks for pid in (task / "children").read_text().split()]
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in pids]
    return [line for line in lines if "resource_tracker" not in line]
