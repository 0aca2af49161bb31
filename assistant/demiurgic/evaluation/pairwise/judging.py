"""Has all pairs judged in both orders, several at once, and goes on where it was stopped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from demiurgic.evaluation.pairwise.asking import Choice, Judge, Question, Ruling
from demiurgic.evaluation.pairwise.pairs import Pair
from demiurgic.evaluation.pairwise.rulings import Rulings
from demiurgic.evaluation.together import together


class Winner(StrEnum):
    """What the two rulings on a pair come to."""

    A = "a"
    B = "b"
    TIE = "tie"  # both say so, or one does
    FLIP = "flip"  # each order has another winner: a tie, and a sign of position bias
    INVALID = "invalid"  # a ruling is none; counted apart, not as a tie


@dataclass(frozen=True, slots=True)
class Judged:
    """A pair with the ruling on a before b, and the one on b before a."""

    pair: Pair
    straight: Ruling
    swapped: Ruling

    @property
    def winner(self) -> Winner:
        """Only who wins in both orders wins."""
        straight, swapped = self.straight.choice, self.swapped.choice
        if Choice.INVALID in (straight, swapped):
            return Winner.INVALID
        if Choice.TIE in (straight, swapped):
            return Winner.TIE
        if straight is swapped:
            return Winner.FLIP
        return Winner.A if straight is Choice.FIRST else Winner.B


def judge_pairs(
    pairs: Sequence[Pair], judge: Judge, rulings: Rulings, parallel: int, show: Callable[[int, int], None]
) -> list[Judged]:
    """All pairs with their rulings. `show` is told how many questions are answered, of how many."""
    questions = [Question(pair, swapped) for pair in pairs for swapped in (False, True)]
    open_ones = [question for question in questions if rulings.get(question) is None]
    asked = together(open_ones, lambda question: (question, judge.ask(question)), parallel)
    for number, (question, ruling) in enumerate(asked, len(questions) - len(open_ones) + 1):
        rulings.add(question, ruling)
        show(number, len(questions))
    return [Judged(pair, *(_known(rulings, Question(pair, swapped)) for swapped in (False, True))) for pair in pairs]


def _known(rulings: Rulings, question: Question) -> Ruling:
    ruling = rulings.get(question)
    assert ruling is not None, "every question was asked or known"
    return ruling
