"""Calibration and thresholds: against numbers reckoned by hand, and against scikit-learn."""

import random
from itertools import pairwise

import pytest
from sklearn.metrics import roc_auc_score

from demiurgic.evaluation.intents.confidence import Judged, best_threshold, calibration, curve, separation


def test_calibration_by_hand():
    judged = [Judged(0.95, True), Judged(0.85, False), Judged(0.35, False), Judged(0.31, True)]
    result = calibration(judged)
    assert [(each.low, each.high, each.count) for each in result.bins] == [(0.3, 0.4, 2), (0.8, 0.9, 1), (0.9, 1.0, 1)]
    assert [each.accuracy for each in result.bins] == [0.5, 0.0, 1.0]
    assert [each.confidence for each in result.bins] == pytest.approx([0.33, 0.85, 0.95])
    assert result.expected_error == pytest.approx((2 * 0.17 + 0.85 + 0.05) / 4)
    assert result.largest_error == pytest.approx(0.85)


def test_what_lies_on_an_edge_belongs_below_it():
    result = calibration([Judged(0.0, False), Judged(0.1, True), Judged(1.0, True)])
    assert [(each.low, each.count) for each in result.bins] == [(0.0, 2), (0.9, 1)]
    assert sum(each.count for each in calibration([Judged(1.0000000002, True)]).bins) == 1


def test_calibration_of_nothing():
    result = calibration([])
    assert (result.expected_error, result.largest_error, result.bins) == (0.0, 0.0, ())


def test_the_perfectly_calibrated_has_no_error():
    judged = [Judged(0.75, index % 4 != 0) for index in range(40)]
    assert calibration(judged).expected_error == pytest.approx(0)


JUDGED = [
    Judged(0.9, True),
    Judged(0.6, False),
    Judged(0.4, True),
    Judged(0.5, False, in_scope=False),
    Judged(0.2, False, in_scope=False),
]


def test_thresholds_by_hand():
    thresholds = curve(JUDGED)
    assert len(thresholds) == 101
    at = {round(each.threshold, 2): each for each in thresholds}
    assert (at[0.0].coverage, at[0.0].accuracy, at[0.0].turned_away) == (1, pytest.approx(2 / 3), 0)
    assert (at[0.0].served, at[0.3].served, at[0.55].served) == (pytest.approx(0.4), pytest.approx(0.6), 0.6)
    assert (at[0.55].coverage, at[0.55].accuracy, at[0.55].turned_away) == (pytest.approx(2 / 3), 0.5, 1)
    assert (at[1.0].coverage, at[1.0].accuracy, at[1.0].turned_away) == (0, 0, 1)
    assert best_threshold(thresholds).threshold == pytest.approx(0.21)


def test_coverage_falls_and_what_is_turned_away_grows():
    draw = random.Random(5)
    judged = [Judged(draw.random(), draw.random() < 0.7, draw.random() < 0.6) for _ in range(200)]
    thresholds = curve(judged)
    assert all(a.coverage >= b.coverage for a, b in pairwise(thresholds))
    assert all(a.turned_away <= b.turned_away for a, b in pairwise(thresholds))


def test_without_anything_out_of_scope_only_coverage_and_accuracy_are_told():
    thresholds = curve(JUDGED[:3])
    assert {each.turned_away for each in thresholds} == {0.0}
    assert separation(JUDGED[:3]) is None
    assert separation(JUDGED[3:]) is None


@pytest.mark.parametrize("seed", range(10))
def test_separation_is_scikit_learns_area_under_the_curve(seed):
    draw = random.Random(seed)
    judged = [Judged(round(draw.random(), 1), True, draw.random() < 0.5) for _ in range(60)]
    expected = roc_auc_score([each.in_scope for each in judged], [each.confidence for each in judged])
    assert separation(judged) == pytest.approx(expected)
