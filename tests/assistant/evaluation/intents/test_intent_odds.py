"""The probabilities of labels, against the plainest way to reckon them."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demiurgic.errors import BadEvaluationFile
from demiurgic.evaluation.intents.odds import Path, Reading, Tree

VOCABULARY = range(6)


class Model:
    """A random distribution of the next token behind every path. Token 5 is in no label: the rest of the language."""

    def __init__(self, seed: int, sharpness: float) -> None:
        self._seed, self._sharpness = seed, sharpness

    def scores(self, path: Path) -> dict[int, float]:
        draw = random.Random(repr((self._seed, path)))
        weights = {token: math.exp(self._sharpness * draw.gauss(0, 1)) for token in VOCABULARY}
        total = sum(weights.values())
        return {token: math.log(weight / total) for token, weight in weights.items()}


def brute_force(model: Model, labels: list[Path]) -> list[float]:
    """How probable it is that the answer begins with a label, and does not go on as a longer one would."""

    def begins(label: Path) -> float:
        return math.exp(sum(model.scores(label[:depth])[token] for depth, token in enumerate(label)))

    tree = Tree(labels)
    found: list[float] = []
    for label in labels:
        here = begins(label)
        following = tree.children.get(label, [])
        found.append(here * (1 - sum(math.exp(model.scores(label)[token]) for token in following)))
    return found


def read(model: Model, tree: Tree, tolerance: float) -> tuple[Reading, int]:
    reading, looks = Reading(tree), 0
    while (path := reading.next(tolerance)) is not None:
        reading.take(path, {token: model.scores(path)[token] for token in tree.children[path]})
        looks += 1
    return reading, looks


label_sets = st.lists(
    st.lists(st.integers(0, 4), min_size=1, max_size=4).map(tuple), min_size=2, max_size=12, unique=True
)


@given(label_sets, st.integers(0, 999), st.sampled_from([0.3, 2.0, 6.0]))
def test_all_of_the_tree_gives_the_exact_odds(labels, seed, sharpness):
    model = Model(seed, sharpness)
    reading, _ = read(model, Tree(labels), 0)
    expected = brute_force(model, labels)
    odds = reading.odds()
    assert reading.any_label == pytest.approx(sum(expected))
    for number, value in enumerate(expected):
        assert odds[number] == pytest.approx(value / sum(expected), abs=1e-9)
    assert list(odds.values()) == sorted(odds.values(), reverse=True)


@given(label_sets, st.integers(0, 999), st.sampled_from([0.3, 2.0, 6.0]), st.sampled_from([0.01, 0.2]))
def test_a_part_of_the_tree_errs_by_no_more_than_was_allowed(labels, seed, sharpness, tolerance):
    model = Model(seed, sharpness)
    expected = brute_force(model, labels)
    reading, _ = read(model, Tree(labels), tolerance)
    odds = reading.odds()
    for number, value in enumerate(expected):
        assert odds.get(number, 0.0) == pytest.approx(value / sum(expected), abs=tolerance / (1 - tolerance) + 1e-9)


def test_what_cannot_matter_is_not_read():
    labels = [(first, second, third) for first in range(5) for second in range(5) for third in range(5)]
    model = Model(3, 6.0)
    _, everything = read(model, Tree(labels), 0)
    _, little = read(model, Tree(labels), 0.01)
    assert everything == 31
    assert little <= everything / 2


def test_a_label_that_goes_on_in_another_keeps_the_rest():
    reading = Reading(Tree([(1,), (1, 2)]))
    reading.take((), {1: math.log(0.5)})
    reading.take((1,), {2: math.log(0.4)})
    assert reading.odds() == {0: pytest.approx(0.6), 1: pytest.approx(0.4)}
    assert reading.any_label == pytest.approx(0.5)


def test_certainty_that_rounding_overshoots_stays_a_probability():
    reading = Reading(Tree([(1,), (1, 2), (1, 3)]))
    reading.take((), {1: 0.0})
    reading.take((1,), {2: math.log(0.5), 3: math.log(0.5) + 1e-15})
    assert reading.odds()[0] == 0
    assert sum(reading.odds().values()) == pytest.approx(1)


def test_labels_too_improbable_for_a_number_are_still_compared():
    long = tuple([1] * 40)
    reading = Reading(Tree([long, (2, 1)]))
    while (path := reading.next(0.01)) is not None:
        reading.take(path, dict.fromkeys(reading.tree.children[path], -30.0 if path[:1] == (1,) else -900.0))
    assert next(iter(reading.odds())) in (0, 1)
    assert sum(reading.odds().values()) == pytest.approx(1)


@pytest.mark.parametrize("labels", [[(1,), (1,)], [(1,), ()]])
def test_labels_that_cannot_be_told_apart_are_refused(labels):
    with pytest.raises(BadEvaluationFile):
        Tree(labels)
