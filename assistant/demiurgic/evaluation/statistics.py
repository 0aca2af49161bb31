"""What a number of passes says, and whether one model is really better than another.

Tasks are what is drawn at random, samples within a task are not: whatever has several samples of a task is reckoned
by tasks. Shares and differences are fractions, not percent. Nothing here rounds, prints or reads files.
"""

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

Interval: TypeAlias = tuple[float, float]

ALPHA = 0.05
_Z = 1.96
_FINEST = 840
"""Differences are exact up to this common denominator, which suits any mixture of up to 8 samples a task, and are
rounded to it beyond."""


@dataclass(frozen=True, slots=True)
class PairedTest:
    """How surprising the tasks' differences are, if both models were equally good."""

    p: float
    """Exact and two-sided. Never too small, often somewhat too large."""
    mid_p: float
    """Counts only half of what is exactly as surprising: nearer to the truth on average, but not guaranteed."""
    smallest: float | None
    """The smallest sum of differences, in tasks, that would have p <= 0.05 where this many tasks differ by this much.
    None: no outcome would."""


def pass_at_k(n: int, c: int, k: int) -> float:
    """The chance that one of k samples passes, estimated without bias from n samples of which c passed."""
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"pass@{k} of {n} samples with {c} passed")
    if n - c < k:
        return 1.0
    return 1.0 - math.prod((n - c - drawn) / (n - drawn) for drawn in range(k))


def wilson(passed: float, total: float, z: float = _Z) -> Interval:
    """Wilson's interval for a share. Sound for few and for extreme counts alike; of nothing, all is possible."""
    if not 0 <= passed <= total:
        raise ValueError(f"{passed} of {total} passed")
    if total == 0:
        return 0.0, 1.0
    share, weight = passed / total, z * z / total
    middle = (share + weight / 2) / (1 + weight)
    reach = z * math.sqrt(share * (1 - share) / total + weight / (4 * total)) / (1 + weight)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def mean_pass_at_k(counts: Sequence[tuple[int, int]], k: int, z: float = _Z) -> tuple[float, Interval]:
    """Mean pass@k over tasks, each given as (samples, passed), with its interval."""
    return mean_share([pass_at_k(n, c, k) for n, c in counts], sum(n // k for n, _ in counts), z)


def mean_share(values: Sequence[float], draws: int = 0, z: float = _Z) -> tuple[float, Interval]:
    """The mean of one share a task, with its interval: Wilson's, for as many tasks as would make such a mean vary so
    little. Where all are 0 or 1 it is Wilson's own. `draws`: how many independent ones there were at most."""
    if not values:
        return 0.0, (0.0, 1.0)
    tasks = len(values)
    mean = math.fsum(values) / tasks
    variance = math.fsum((value - mean) ** 2 for value in values) / tasks
    if mean in (0.0, 1.0):
        return mean, wilson(mean * tasks, tasks, z)
    # Rounding may leave a trace of a spread where there is none, so the worth is bounded both ways.
    most = max(tasks, draws)
    worth = min(most, max(tasks, tasks * mean * (1 - mean) / variance)) if variance > 0 else most
    return mean, wilson(mean * worth, worth, z)


def mcnemar(gained: int, lost: int) -> PairedTest:
    """McNemar's exact test: of the tasks that one model alone passes, is the split a fair coin's?"""
    differing = gained + lost
    null = {2 * heads - differing: math.comb(differing, heads) for heads in range(differing + 1)}
    return _judge(null, gained - lost, 1)


def sign_flip_test(differences: Sequence[Fraction]) -> PairedTest:
    """McNemar's test for several samples of each task: were models equal, each task's difference in shares could as
    well have had the other sign. All ways of signs are counted, so it is exact; with one sample it is McNemar's."""
    scale = min(math.lcm(*(each.denominator for each in differences)), _FINEST)
    steps = [round(each * scale) for each in differences]
    null: Mapping[int, int] = {0: 1}
    for step in filter(None, steps):
        wider: Counter[int] = Counter()
        for total, ways in null.items():
            wider[total + step] += ways
            wider[total - step] += ways
        null = wider
    return _judge(null, sum(steps), scale)


def paired_interval(gained: int, lost: int, tasks: int, z: float = _Z) -> Interval:
    """An interval for the difference of two pass rates on the same tasks, one sample each (Bonett and Price)."""
    if gained + lost > tasks:
        raise ValueError(f"{gained} and {lost} of {tasks} tasks differ")
    up, down = (gained + 1) / (tasks + 2), (lost + 1) / (tasks + 2)
    reach = z * math.sqrt((up + down - (up - down) ** 2) / (tasks + 2))
    return max(-1.0, up - down - reach), min(1.0, up - down + reach)


def bootstrap(values: Sequence[float], seed: int = 0, resamples: int = 10_000) -> Interval:
    """A 95 % interval for the mean of one value a task, by drawing tasks again. The same seed gives the same interval.

    Given each task's difference between two models, it is paired and clustered by task. Where all values are the same
    it has no width: that is what this method knows, not certainty.
    """
    if not values:
        raise ValueError("a bootstrap of no values")
    draw = random.Random(seed)
    size = len(values)
    means = sorted(math.fsum(draw.choices(values, k=size)) / size for _ in range(resamples))
    cut = round(resamples * ALPHA / 2)
    return means[cut], means[-1 - cut]


def holm(ps: Sequence[float]) -> list[float]:
    """P-values of several tests, raised so that comparing each with 0.05 errs once in twenty times over all of them."""
    adjusted = [0.0] * len(ps)
    least = 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        least = max(least, min(1.0, (len(ps) - rank) * ps[index]))
        adjusted[index] = least
    return adjusted


def _judge(null: Mapping[int, int], observed: int, scale: int) -> PairedTest:
    """What a sum means among all that were possible, each with the number of ways to it."""
    ways = sum(null.values())
    sizes: Counter[int] = Counter()
    for total, count in null.items():
        sizes[abs(total)] += count
    beyond = sum(count for size, count in sizes.items() if size >= abs(observed))
    return PairedTest(beyond / ways, (2 * beyond - sizes[abs(observed)]) / (2 * ways), _smallest(sizes, ways, scale))


def _smallest(sizes: Mapping[int, int], ways: int, scale: int) -> float | None:
    beyond, smallest = 0, None
    for size in sorted(sizes, reverse=True):
        beyond += sizes[size]
        if beyond / ways > ALPHA:
            break
        smallest = size / scale
    return smallest
