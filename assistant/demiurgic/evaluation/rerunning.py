"""Writes a run's samples once more, to tell how many come out the same to the last byte."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demiurgic.evaluation.together import together
from demiurgic.evaluation.writing import Wanted, Writer, Written


@dataclass(frozen=True, slots=True)
class Again:
    """A sample as it was and as it is now."""

    wanted: Wanted
    before: Written
    now: Written

    @property
    def same(self) -> bool:
        return self.before.text == self.now.text


def rerun(
    writer: Writer, samples: Sequence[tuple[Wanted, Written]], parallel: int, seen: Callable[[Again], None]
) -> list[Again]:
    """Write them all again, as many together as before."""

    def write(sample: tuple[Wanted, Written]) -> Again:
        wanted, before = sample
        return Again(wanted, before, writer.write(wanted))

    found: list[Again] = []
    try:
        for again in together(samples, write, parallel):
            found.append(again)
            seen(again)
    except BaseException:
        writer.stop()
        raise
    order = {(wanted.problem.task_id, wanted.index): place for place, (wanted, _) in enumerate(samples)}
    return sorted(found, key=lambda again: order[again.wanted.problem.task_id, again.wanted.index])
