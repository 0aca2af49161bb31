"""Scores of classifiers: against numbers reckoned by hand, and against scikit-learn."""

import random
import warnings

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from demiurgic.evaluation.intents.metrics import confusion, most_confused, scores

# Six rows: a a a b b c, of which the second a was taken for b, the second b for c, and c was not answered.
PAIRS = [("a", "a"), ("a", "b"), ("a", "a"), ("b", "b"), ("b", "c"), ("c", "")]


def test_scores_by_hand():
    result = scores(PAIRS)
    assert (result.rows, result.right, result.accuracy) == (6, 3, 0.5)
    a, b, c = (result.per_label[label] for label in "abc")
    assert (a.precision, a.recall, a.f1, a.support, a.predicted) == (1.0, pytest.approx(2 / 3), 0.8, 3, 2)
    assert (b.precision, b.recall, b.f1, b.support, b.predicted) == (0.5, 0.5, 0.5, 2, 2)
    assert (c.precision, c.recall, c.f1, c.support, c.predicted) == (0.0, 0.0, 0.0, 1, 1)
    assert result.balanced_accuracy == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert result.macro_f1 == pytest.approx(1.3 / 3)
    assert result.weighted_f1 == pytest.approx((0.8 * 3 + 0.5 * 2) / 6)


def test_nothing_at_all():
    result = scores([])
    assert (result.accuracy, result.macro_f1, result.weighted_f1, result.balanced_accuracy) == (0, 0, 0, 0)
    assert result.per_label == {}


def test_nothing_answered():
    result = scores([("a", ""), ("b", "")])
    assert (result.accuracy, result.macro_f1) == (0, 0)
    assert set(result.per_label) == {"a", "b"}


def test_a_label_that_is_only_predicted_counts_in_the_macro_mean_alone():
    result = scores([("a", "a"), ("a", "x")])
    assert result.macro_f1 == pytest.approx((2 / 3 + 0) / 2)
    assert result.weighted_f1 == pytest.approx(2 / 3)
    assert result.balanced_accuracy == 0.5


@pytest.mark.parametrize("seed", range(30))
def test_scores_are_scikit_learns(seed):
    draw = random.Random(seed)
    labels = [f"label{number}" for number in range(draw.randint(2, 12))]
    weights = [draw.random() ** 3 for _ in labels]
    truths = draw.choices(labels, weights, k=draw.randint(1, 80))
    said = [truth if draw.random() < 0.5 else draw.choice(labels) for truth in truths]
    result = scores(list(zip(truths, said, strict=True)))
    kinds = {"zero_division": 0.0}
    assert result.accuracy == pytest.approx(sklearn_metrics.accuracy_score(truths, said))
    assert result.macro_f1 == pytest.approx(sklearn_metrics.f1_score(truths, said, average="macro", **kinds))
    assert result.weighted_f1 == pytest.approx(sklearn_metrics.f1_score(truths, said, average="weighted", **kinds))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks that some predictions are of labels that never occur
        assert result.balanced_accuracy == pytest.approx(sklearn_metrics.balanced_accuracy_score(truths, said))
    columns = sklearn_metrics.precision_recall_fscore_support(truths, said, labels=sorted(result.per_label), **kinds)
    for index, label in enumerate(sorted(result.per_label)):
        ours = result.per_label[label]
        theirs = [column[index] for column in columns]
        assert [ours.precision, ours.recall, ours.f1, ours.support] == pytest.approx(theirs)
    matrix = sklearn_metrics.confusion_matrix(truths, said, labels=labels)
    assert np.array_equal(np.array(confusion(list(zip(truths, said, strict=True)), labels))[:, :-1], matrix)


def test_unanswered_rows_have_a_column_of_their_own():
    assert confusion(PAIRS, ["a", "b", "c"]) == [[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]


def test_the_commonest_mistakes_come_first_and_missing_answers_are_none():
    pairs = [*PAIRS, ("b", "c"), ("b", "a")]
    assert most_confused(pairs) == [(("b", "c"), 2), (("a", "b"), 1), (("b", "a"), 1)]
    assert most_confused(pairs, 1) == [(("b", "c"), 2)]
