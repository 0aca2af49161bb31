"""Scoring past one machine: candidates are judged by the nodes of an existing Ray cluster, each in a sandbox of its
own."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

from demiurgic.evaluation.cluster import Cluster, Work
from demiurgic.evaluation.executing.executor import Executor
from demiurgic.evaluation.executing.houses import open_house
from demiurgic.evaluation.executing.limits import TrialLimits
from demiurgic.evaluation.verdicts import Candidate, Verdict

_Judged: TypeAlias = tuple[Candidate, Verdict]


class RayJudging:
    """Satisfies `Judging`."""

    warning = ""

    def __init__(self, address: str, sandbox: str, limits: TrialLimits | None = None) -> None:
        """Join the cluster. Raises SandboxError where it cannot be reached."""
        self._cluster = Cluster(address, partial(_judge, sandbox, limits or TrialLimits()))
        self.name = f"the sandboxes of {self._cluster.cores} cores of a Ray cluster"

    def judge(self, candidates: Iterable[Candidate]) -> Iterator[_Judged]:
        """Each with its verdict, in the order in which batches end."""
        yield from self._cluster.map(candidates)

    def close(self) -> None:
        """Leave the cluster."""
        self._cluster.close()


def _judge(sandbox: str, limits: TrialLimits) -> Work[Candidate, _Judged]:
    """A judge that stays on its core."""
    judging = Executor(1, limits, open_house(sandbox))

    def judge(batch: Sequence[Candidate]) -> list[_Judged]:
        return list(judging.judge(batch))

    return judge
