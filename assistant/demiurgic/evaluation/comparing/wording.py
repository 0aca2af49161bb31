"""How numbers of a comparison are written: percent with one digit, points with a sign, p with two digits."""

from demiurgic.evaluation.comparing.pairing import Comparison, Difference
from demiurgic.evaluation.statistics import ALPHA, Interval


def percent(share: float) -> str:
    """43.9 %"""
    return f"{100 * share:.1f} %"


def percents(interval: Interval) -> str:
    """36.5-51.6"""
    return f"{100 * interval[0]:.1f}-{100 * interval[1]:.1f}"


def in_points(share: float) -> str:
    """+17.7"""
    return f"{100 * share:+.1f}"


def reach(interval: Interval) -> str:
    """+9.6 to +25.3"""
    return f"{in_points(interval[0])} to {in_points(interval[1])}"


def chance(p: float) -> str:
    """0.041, or 2.5e-05."""
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"


def kind(outcome: str) -> str:
    """An outcome's name, in words."""
    return outcome.replace("_", " ")


def in_words(difference: Difference, comparison: Comparison) -> list[str]:
    """What a difference comes to, in sentences. Task names are not in them."""
    first, other = comparison.runs[0].letter, difference.run.letter
    test, several = difference.test, len(comparison.differences) > 1
    how = "McNemar's exact test" if difference.single else "Exact test over signs"
    raised = f", {chance(difference.p_of_all)} by Holm's rule for {len(comparison.differences)} runs" if several else ""
    return [
        f"{other} gains {len(difference.gained)} tasks on {first} and loses {len(difference.lost)}.",
        f"{how}: p = {chance(test.p)}{raised} (mid-p {chance(test.mid_p)}).",
        _verdict(difference, first),
        _smallest(difference, len(comparison.tasks)),
    ]


def _verdict(difference: Difference, first: str) -> str:
    if difference.p_of_all > ALPHA:
        return f"{difference.run.letter} and {first} may be equally good: the difference could be chance."
    better, worse = (difference.run.letter, first) if difference.points > 0 else (first, difference.run.letter)
    return f"{better} is better than {worse}: more than chance."


def _smallest(difference: Difference, tasks: int) -> str:
    differing = len(difference.gained) + len(difference.lost)
    if difference.test.smallest is None:
        return f"With only {differing} tasks that differ, no difference could be shown."
    points = 100 * difference.test.smallest / tasks
    return f"With {differing} tasks that differ, the smallest difference that would show is {points:.1f} points."
