"""The statistics against vectors computed by hand, published ones, scipy and scikit-learn."""

import itertools
import math
import random
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from sklearn.metrics import accuracy_score

from demiurgic.evaluation.statistics import (
    bootstrap,
    holm,
    mcnemar,
    mean_pass_at_k,
    mean_share,
    paired_interval,
    pass_at_k,
    sign_flip_test,
    wilson,
)


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_counts_the_draws_with_a_pass(case):
    n, c, k = case
    draws = list(itertools.combinations(range(n), k))
    assert pass_at_k(n, c, k) == pytest.approx(sum(min(draw) < c for draw in draws) / len(draws))


def test_pass_at_k_of_many_samples_stays_exact():
    assert pass_at_k(10_000, 1, 100) == pytest.approx(0.01, rel=1e-9)
    assert pass_at_k(100_000, 3, 10_000) == pytest.approx(1 - 0.9**3, rel=1e-4)


@pytest.mark.parametrize(("n", "c", "k"), [(3, 4, 1), (3, -1, 1), (3, 1, 4), (3, 1, 0)])
def test_an_impossible_pass_at_k_is_refused(n, c, k):
    with pytest.raises(ValueError, match="pass@"):
        pass_at_k(n, c, k)


@pytest.mark.parametrize(("passed", "low", "high"), [(72, 36.5, 51.6), (101, 54.0, 68.7)])
def test_wilson_gives_the_published_intervals(passed, low, high):
    assert [round(100 * bound, 1) for bound in wilson(passed, 164)] == [low, high]


@given(st.integers(1, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_wilson_agrees_with_scipy(case):
    passed, total = case
    theirs = binomtest(passed, total).proportion_ci(0.95, "wilson")
    assert wilson(passed, total, 1.959963984540054) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_nothing_says_nothing():
    assert wilson(0, 0) == (0.0, 1.0)
    assert mean_pass_at_k([], 1) == (0.0, (0.0, 1.0))


def test_the_golden_pair_of_models():
    test = mcnemar(38, 9)
    assert test.p == pytest.approx(2.49e-5, rel=1e-3)
    assert test.mid_p < test.p


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_a_binomial_test(gained, lost):
    theirs = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert mcnemar(gained, lost).p == pytest.approx(theirs)
    share = binom.pmf(gained, gained + lost, 0.5) / (2 if gained == lost else 1)
    assert mcnemar(gained, lost).mid_p == pytest.approx(theirs - share, abs=1e-9)


@pytest.mark.parametrize(("differing", "smallest"), [(20, 10), (10, 8), (6, 6), (5, None), (0, None)])
def test_the_smallest_difference_that_would_show(differing, smallest):
    assert mcnemar(differing, 0).smallest == smallest


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 9))
def test_flipping_signs_of_single_samples_is_mcnemar(gained, lost, same):
    differences = [Fraction(1)] * gained + [Fraction(-1)] * lost + [Fraction(0)] * same
    assert sign_flip_test(differences) == mcnemar(gained, lost)


@given(st.lists(st.fractions(-1, 1, max_denominator=6), max_size=9))
def test_flipping_signs_counts_all_ways(differences):
    seen = abs(sum(differences))
    sums = [
        abs(sum(map(math.prod, zip(signs, differences, strict=True))))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    assert sign_flip_test(differences).p == pytest.approx(sum(each >= seen for each in sums) / len(sums))
    showing = [each for each in set(sums) if sum(other >= each for other in sums) / len(sums) <= 0.05]
    assert sign_flip_test(differences).smallest == (pytest.approx(float(min(showing))) if showing else None)


def test_uneven_numbers_of_samples_are_reckoned_in_time():
    draw = random.Random(0)
    differences = [Fraction(draw.randrange(n + 1), n) - Fraction(1, 2) for n in range(1, 165)]
    few = [each for each in differences if 840 % each.denominator == 0]
    assert sign_flip_test(few).p == pytest.approx(sign_flip_test([*few, Fraction(1, 10_000)]).p)
    started = time.process_time()
    assert 0 < sign_flip_test(differences).p <= 1
    assert time.process_time() - started < 10


def test_single_samples_have_wilsons_interval():
    passes = [1] * 72 + [0] * 92
    share, interval = mean_pass_at_k([(1, passed) for passed in passes], 1)
    assert share == accuracy_score([1] * 164, passes)
    assert interval == pytest.approx(wilson(72, 164))


def test_samples_of_one_task_are_no_tasks():
    """Ten samples that always agree say no more than one; ten that are independent say more, but never all ten."""
    agreeing = mean_pass_at_k([(10, 10)] * 72 + [(10, 0)] * 92, 1)
    assert agreeing == mean_pass_at_k([(1, 1)] * 72 + [(1, 0)] * 92, 1)
    draw = random.Random(1)
    spread = [(10, sum(draw.random() < 0.44 for _ in range(10))) for _ in range(164)]
    _, (low, high) = mean_pass_at_k(spread, 1)
    _, (first, last) = agreeing
    assert wilson(720, 1640)[1] - wilson(720, 1640)[0] <= high - low < last - first


def test_an_interval_covers_what_it_should():
    """Tasks of very different difficulty, four samples each: the true mean lies in about 95 of 100 intervals."""
    draw = random.Random(2)
    covered = 0
    for _ in range(400):
        rates = [draw.betavariate(0.5, 0.5) for _ in range(60)]
        _, (low, high) = mean_pass_at_k([(4, sum(draw.random() < rate for _ in range(4))) for rate in rates], 1)
        covered += low <= 0.5 <= high
    assert 0.92 <= covered / 400 <= 0.98


def test_equal_shares_are_bounded_by_their_draws():
    assert mean_share([0.5] * 10, 40) == (0.5, wilson(20, 40))
    assert mean_share([0.5] * 10) == (0.5, wilson(5, 10))


def test_the_bootstrap_is_seeded_and_near_the_normal_interval():
    values = [1.0] * 38 + [-1.0] * 9 + [0.0] * 117
    mean = sum(values) / 164
    reach = 1.96 * math.sqrt(sum((value - mean) ** 2 for value in values)) / 164
    assert bootstrap(values) == bootstrap(values)
    uneven = [number**0.5 for number in range(20)]
    assert bootstrap(uneven, resamples=100) != bootstrap(uneven, seed=1, resamples=100)
    assert bootstrap(values) == pytest.approx((mean - reach, mean + reach), abs=0.01)


def test_a_bootstrap_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no values"):
        bootstrap([])


def test_the_paired_interval_of_bonett_and_price():
    # By hand: (39 - 10) / 166 = 0.174699; the spread is sqrt((49/166 - 0.174699²) / 166) = 0.039931
    assert paired_interval(38, 9, 164) == pytest.approx(
        (0.174699 - 1.96 * 0.039931, 0.174699 + 1.96 * 0.039931), abs=1e-5
    )
    low, high = paired_interval(0, 0, 164)
    assert low == -high < 0


def test_more_flips_than_tasks_are_refused():
    with pytest.raises(ValueError, match="differ"):
        paired_interval(3, 3, 5)


def test_holm_raises_and_never_reorders():
    # By hand: 4 * 0.005, 3 * 0.01, 2 * 0.03; the last would be 0.04 and may not come before 0.06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]
