"""Scoring on a Ray cluster, a real one of two cores on this machine."""

import itertools
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.clusters import free_port, started_cluster

from demiurgic.evaluation.cluster import Feed
from demiurgic.evaluation.problems import load_problems

DEMIURGIC = [sys.executable, "-m", "demiurgic"]


@pytest.fixture
def cluster(tmp_path: Path):
    with started_cluster(tmp_path / "ray.log") as address:
        yield address


@pytest.mark.slow
def test_verdicts_of_a_cluster_are_those_of_this_machine(cluster: str, tmp_path: Path):
    problems = list(load_problems().values())[:30]
    path = tmp_path / "samples.jsonl"
    rows = [
        {"task_id": problem.task_id, "completion": problem.canonical_solution if number % 3 else "    return 1 / 0\n"}
        for number, problem in enumerate(problems)
    ]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    done = subprocess.run(
        [*DEMIURGIC, "eval", "score", path, "--ray", cluster], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    results = [json.loads(line) for line in (tmp_path / "samples.jsonl_results.jsonl").read_text().splitlines()]
    assert [row["passed"] for row in results] == [bool(number % 3) for number in range(30)]
    assert "Ray cluster" in done.stdout


def test_nothing_more_is_drawn_for_a_cluster_that_nobody_asks_any_more():
    feed = Feed(itertools.count(), 1)
    assert feed.batch(wait=True) == [0]
    feed.stop()
    [drawing] = [thread for thread in threading.enumerate() if thread.name == "cluster-feed"] or [None]
    if drawing is not None:
        drawing.join(20)
        assert not drawing.is_alive()


def test_a_cluster_that_is_not_there_is_named(tmp_path: Path):
    path = tmp_path / "samples.jsonl"
    path.write_text(json.dumps({"task_id": "HumanEval/0", "completion": "    pass\n"}) + "\n")
    address = f"127.0.0.1:{free_port()}"
    done = subprocess.run(
        [*DEMIURGIC, "eval", "score", path, "--ray", address], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert address in done.stderr
    assert "Traceback" not in done.stderr
