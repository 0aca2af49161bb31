"""What a judge's rulings come to, and how much its habits had to do with them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from demiurgic.evaluation.pairwise.asking import Choice
from demiurgic.evaluation.pairwise.judging import Judged, Winner
from demiurgic.evaluation.statistics import Interval, mcnemar, mean_share, wilson
from demiurgic_models.files import write_beside

_WORTH = {Winner.A: 0.0, Winner.B: 1.0, Winner.TIE: 0.5, Winner.FLIP: 0.5}


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with a 95 % interval."""

    count: int
    total: int
    interval: Interval


@dataclass(frozen=True, slots=True)
class Tally:
    """The outcome of a judging. Invalid pairs are in `invalid` and in nothing else."""

    a: int
    b: int
    ties: int
    flips: int
    invalid: int
    win_rate: float
    """Of b against a: a tie or a flip is half a win."""
    interval: Interval
    p: float
    """Of the pairs that one side wins: whether they could be split so by chance (exact sign test)."""
    invalid_rulings: int
    first_of_flips: Share
    """Of the flips, how many went to whoever stood first. Without a preference for a place it is about half."""
    position_p: float
    longer_of_wins: Share
    """Of the wins where lengths differ, how many went to the longer answer. Longer can be better: compare with what
    people choose before blaming the judge."""


def tally(judged: Sequence[Judged]) -> Tally:
    """Count it all."""
    winners = [each.winner for each in judged]
    count = {winner: winners.count(winner) for winner in Winner}
    rate, interval = mean_share([_WORTH[winner] for winner in winners if winner is not Winner.INVALID])
    flips = [each for each in judged if each.winner is Winner.FLIP]
    first = sum(each.straight.choice is Choice.FIRST for each in flips)
    return Tally(
        a=count[Winner.A],
        b=count[Winner.B],
        ties=count[Winner.TIE],
        flips=count[Winner.FLIP],
        invalid=count[Winner.INVALID],
        win_rate=rate,
        interval=interval,
        p=mcnemar(count[Winner.B], count[Winner.A]).p,
        invalid_rulings=sum(
            ruling.choice is Choice.INVALID for each in judged for ruling in (each.straight, each.swapped)
        ),
        first_of_flips=_share(first, len(flips)),
        position_p=mcnemar(first, len(flips) - first).p,
        longer_of_wins=_longer(judged),
    )


def write_tally(folder: Path, judged: Sequence[Judged], counted: Tally) -> None:
    """Every pair's outcome, and the counts."""
    rows = (
        {
            "id": each.pair.id,
            "winner": each.winner,
            "a_first": each.straight.choice,
            "b_first": each.swapped.choice,
        }
        for each in judged
    )
    write_beside(folder / "judged.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    write_beside(folder / "report.json", json.dumps(asdict(counted), indent=2) + "\n")


def _longer(judged: Sequence[Judged]) -> Share:
    won = [each for each in judged if each.winner in (Winner.A, Winner.B) and len(each.pair.a) != len(each.pair.b)]
    longer = sum((len(each.pair.b) > len(each.pair.a)) is (each.winner is Winner.B) for each in won)
    return _share(longer, len(won))


def _share(count: int, total: int) -> Share:
    return Share(count, total, wilson(count, total))
