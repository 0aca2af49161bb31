"""One run: answers of several models to the same prompts, and which of every two is better."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from demiurgic.errors import DemiurgicError
from demiurgic.evaluation.pairwise.asking import Question
from demiurgic.evaluation.pairwise.judging import Winner
from demiurgic.evaluation.pairwise.pairs import Pair
from demiurgic_training.generating.checking import CANNOT_FAIL, PASS, Checking, verdict_of
from demiurgic_training.preferences.answering import Given, Prompt, Style, candidates, problem, wanted
from demiurgic_training.preferences.columns import Preference
from demiurgic_training.preferences.judging import Opinion, Verdict, judging, opinion_of, verdict
from demiurgic_training.teachers.crowd import Crowd
from demiurgic_training.teachers.desk import Desk, Wanted, takes_no_schema
from demiurgic_training.teachers.ledger import Paid

Show = Callable[[int, int], None]
_UNTESTED = "no tests"
_BY_TESTS = "the tests of the task: the one passes them, the other fails"


@dataclass(frozen=True, slots=True)
class Duel:
    """Two answers to one prompt. `first` is only a name for one of them."""

    prompt: Prompt
    first: Given
    second: Given

    @property
    def key(self) -> str:
        """Names both answers."""
        return f"{self.first.key} {self.second.key}"

    def won_by(self, winner: Given, reasoning: str, confidence: int) -> Preference:
        """The pair that a decision makes of it."""
        loser = self.second if winner is self.first else self.first
        return Preference(
            self.prompt.topic,
            self.prompt.task.prompt,
            winner.paid.answer.text,
            loser.paid.answer.text,
            winner.paid.teacher,
            loser.paid.teacher,
            reasoning,
            confidence,
        )


@dataclass(frozen=True, slots=True)
class Came:
    """What a run came to: pairs, and how many duels made none and why. Invalid judgements are in `counts` alone."""

    pairs: Sequence[Preference]
    counts: Counter[str]
    stopped_by: DemiurgicError | None = None


class PairsRun:
    """Goes on where it was stopped: answers and opinions are in the desk's ledger."""

    def __init__(self, desk: Desk, style: Style, show: Show) -> None:
        self._desk, self._style = desk, style
        self._show = show
        self.counts: Counter[str] = Counter()
        self._stopped_by: DemiurgicError | None = None

    def duels(self, prompts: Sequence[Prompt], models: Sequence[str], ratio: float) -> list[Duel]:
        """Have all prompts answered, and pair the answers that can be compared."""
        asked = [
            (prompt, model, wanted(prompt, model, sample, self._style))
            for prompt in prompts
            for model in models
            for sample in range(self._style.samples)
        ]
        crowd: Crowd[Paid] = Crowd(self._desk, self._show)
        answers = crowd.do([partial(self._desk.answer, question) for _, _, question in asked])
        self._ended(crowd.stopped_by)
        given: dict[int, list[Given]] = {}
        for (prompt, model, question), paid in zip(asked, answers, strict=True):
            if paid is None:
                self.counts["unanswered"] += 1
            else:
                given.setdefault(prompt.number, []).append(Given(model, question.key, paid))
        return [duel for prompt in prompts for duel in self._duels_of(prompt, given.get(prompt.number, []), ratio)]

    def by_judge(self, duels: Sequence[Duel], judge: str) -> Came:
        """Let a judge compare every two in both orders; only who wins in both is chosen."""
        crowd: Crowd[Opinion] = Crowd(self._desk, self._show)
        asked = [(duel, swapped) for duel in duels for swapped in (False, True)]
        opinions = crowd.do([partial(self._opinion, duel, swapped, judge) for duel, swapped in asked])
        self._ended(crowd.stopped_by)
        pairs = [
            made
            for place, duel in enumerate(duels)
            if (made := self._decided(duel, opinions[2 * place], opinions[2 * place + 1]))
        ]
        return Came(pairs, self.counts, self._stopped_by)

    def by_tests(self, duels: Sequence[Duel], checking: Checking) -> Came:
        """Let the tests of each task decide: who passes them against who fails them. Nothing is asked."""
        crowd: Crowd[Preference | str] = Crowd(self._desk, self._show)
        tested = crowd.do([partial(_tested, duel, checking) for duel in duels])
        self._ended(crowd.stopped_by)
        pairs = [each for each in tested if isinstance(each, Preference)]
        self.counts.update("chosen" if isinstance(each, Preference) else each for each in tested if each)
        return Came(pairs, self.counts, self._stopped_by)

    def _duels_of(self, prompt: Prompt, given: Sequence[Given], ratio: float) -> list[Duel]:
        found: list[Duel] = []
        for one, other in candidates(given, self._style):
            if why := problem(one, other, ratio):
                self.counts[why] += 1
            else:
                found.append(Duel(prompt, one, other))
        return found

    def _opinion(self, duel: Duel, swapped: bool, judge: str) -> Opinion:
        question = question_of(duel, swapped)
        key = f"judge/{duel.key}/{'swapped' if swapped else 'straight'}"
        try:
            paid = self._desk.answer(Wanted(key, judge, judging(question)))
        except DemiurgicError as error:
            if not takes_no_schema(error):
                raise
            paid = self._desk.answer(Wanted(f"{key}/free", judge, judging(question, bound=False)))
        return opinion_of(paid.answer)

    def _decided(self, duel: Duel, straight: Opinion | None, swapped: Opinion | None) -> Preference | None:
        if straight is None or swapped is None:
            self.counts["not judged"] += 1
            return None
        came: Verdict = verdict(question_of(duel, False), straight, swapped)
        winner = {Winner.A: duel.first, Winner.B: duel.second}.get(came.judged.winner)
        if winner is None:
            self.counts[came.judged.winner.value] += 1
            return None
        self.counts["chosen"] += 1
        return duel.won_by(winner, came.reasoning, came.confidence)

    def _ended(self, stopped_by: DemiurgicError | None) -> None:
        self._stopped_by = self._stopped_by or stopped_by


def _tested(duel: Duel, checking: Checking) -> Preference | str:
    """The pair, or why the tests of its task make none."""
    both = (duel.first, duel.second)
    rulings = [checking.ruling(duel.prompt.row(each.paid.answer.text)) for each in both]
    verdicts = [verdict_of(ruling) if ruling else _UNTESTED for ruling in rulings]
    for nothing in (CANNOT_FAIL, _UNTESTED):
        if nothing in verdicts:
            return nothing
    passed = [verdict == PASS for verdict in verdicts]
    if passed[0] is passed[1]:
        return "both pass" if passed[0] else "both fail"
    return duel.won_by(both[passed.index(True)], f"{_BY_TESTS} ({verdicts[passed.index(False)]})", 10)


def question_of(duel: Duel, swapped: bool) -> Question:
    """The duel as the judge is asked: texts alone, without names."""
    texts = [each.paid.answer.text for each in (duel.first, duel.second)]
    return Question(Pair(duel.key, duel.prompt.task.prompt, *texts), swapped)
