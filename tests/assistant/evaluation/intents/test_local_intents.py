"""Models in our own engine: exact odds whatever the batch, held to the labels, resumed where the engine failed."""

import math
from pathlib import Path

import pytest
from support.engines import opened
from support.real_models import real_model

from demiurgic.chat.local import LocalChat
from demiurgic.engine.protocol import Done, Piece, Request
from demiurgic.errors import ContextOverflow, EngineError
from demiurgic.evaluation.intents.data import Row, load_rows
from demiurgic.evaluation.intents.labels import FORMS, Labels
from demiurgic.evaluation.intents.local import LocalIntents
from demiurgic.evaluation.intents.wording import Wording
from demiurgic.messages import System, User
from demiurgic.templates.chatml import ChatML
from demiurgic.templates.glm4 import Glm4
from demiurgic.templates.protocol import Vocabulary

LABELS = Labels(("pay", "pay_bill", "owe", "余额", "the name", "the path"))
TEXTS = ("how much", "send five to my mother please", "取消", "x", "return the name", "true")


def rows(*texts: str, form: str = "{label}") -> list[Row]:
    return [Row(number, (System("Sort."), User(text)), "pay", form) for number, text in enumerate(texts, 1)]


def chat_with(engine) -> LocalChat:
    return LocalChat(engine, Glm4(Vocabulary(engine.facts.markers)), "tiny")


@pytest.fixture(scope="module")
def engine(tiny_glm4: Path):
    with opened(tiny_glm4) as engine:
        yield engine


def next_scores(engine, tokens: tuple[int, ...]) -> dict[int, float]:
    """The log-probability of every token behind these, asked for by themselves."""
    events = list(engine.generate(Request(tokens, max_tokens=1, logprobs=engine.facts.vocabulary)))
    told = [score for event in events if isinstance(event, Piece) for score in event.scores]
    told += [event.end_score for event in events if isinstance(event, Done) and event.end_score]
    return dict(told[0].rivals)


def expected(engine, row: Row) -> dict[str, float]:
    wording = Wording(Glm4(Vocabulary(engine.facts.markers)), engine, engine.facts.markers, engine.facts.bos)
    prompt, tree, odds = wording.prompt(row.conversation), wording.tree(LABELS, row.form), {}
    for answer, number in tree.labels.items():
        steps = [next_scores(engine, (*prompt, *answer[:depth]))[token] for depth, token in enumerate(answer)]
        odds[LABELS.names[number]] = math.exp(sum(steps))
        if following := tree.children.get(answer):
            behind = next_scores(engine, (*prompt, *answer))
            odds[LABELS.names[number]] *= 1 - sum(math.exp(behind[token]) for token in following)
    return odds


@pytest.mark.parametrize(("batch", "form"), [(1, "{label}"), (4, "{label}"), (4, FORMS[1])])
def test_odds_are_those_of_scoring_each_label_by_itself(engine, batch, form):
    classifier = LocalIntents(chat_with(engine), LABELS, batch, tolerance=0)
    asked = rows(*TEXTS, form=form)
    told = {prediction.line: prediction for prediction in classifier.classify(asked)}
    assert sorted(told) == [row.line for row in asked]
    for row in asked:
        odds = expected(engine, row)
        total = sum(odds.values())
        assert told[row.line].any_label == pytest.approx(total, rel=0.01)
        for name, value in odds.items():
            assert told[row.line].odds.get(name, 0.0) == pytest.approx(value / total, abs=0.005)


def test_a_tolerance_saves_work_and_says_the_same(tiny_glm4):
    labels = Labels(tuple(f"{first}{second}{third}" for first in "abcd" for second in "efgh" for third in "ijkl"))
    answers, work = [], []
    for tolerance in (0, 0.1):
        with opened(tiny_glm4) as engine:
            told = LocalIntents(chat_with(engine), labels, 4, tolerance).classify(rows(*TEXTS))
            answers.append({each.line: each.odds for each in told})
            work.append(engine.stats().completion_tokens)
    assert work[1] < work[0]
    for line, odds in answers[0].items():
        for name, value in odds.items():
            assert answers[1][line].get(name, 0.0) == pytest.approx(value, abs=0.12)


def test_glm_answers_begin_on_a_line_of_their_own(engine):
    wording = Wording(Glm4(Vocabulary(engine.facts.markers)), engine, engine.facts.markers, engine.facts.bos)
    answers = wording.tree(Labels(("pay", "owe")), "{label}").labels
    assert [engine.detokenize(answer) for answer in answers] == [b"\npay", b"\nowe"]
    plain = Wording(ChatML(Vocabulary({})), engine, engine.facts.markers, None)
    assert [engine.detokenize(answer) for answer in plain.tree(Labels(("a", "b")), "{label}").labels] == [b"a", b"b"]


def test_what_is_too_long_loses_its_middle(engine):
    text = "begin " + "word " * 3000 + "end"
    [told] = LocalIntents(chat_with(engine), LABELS, 1, 0.01).classify(rows(text))
    assert told.shortened
    assert told.label in LABELS.names


def test_instructions_that_leave_no_room_for_the_text_are_refused(engine):
    row = Row(1, (System("rule " * 3000), User("x")), "pay", "{label}")
    with pytest.raises(ContextOverflow):
        list(LocalIntents(chat_with(engine), LABELS, 1, 0.01).classify([row]))


class Failing:
    """An engine that cannot go on with the first requests."""

    def __init__(self, engine, failures: int) -> None:
        self._engine, self._failures = engine, failures

    def __getattr__(self, name: str):
        return getattr(self._engine, name)

    def generate(self, request: Request):
        if self._failures:
            self._failures -= 1
            raise EngineError("it broke")
        return self._engine.generate(request)


@pytest.mark.parametrize(("failures", "problem"), [(1, ""), (2, "it broke")])
def test_a_failed_request_is_made_once_more_and_then_told(engine, failures, problem):
    chat = chat_with(Failing(engine, failures))
    first, second = LocalIntents(chat, LABELS, 1, 0.01).classify(rows("x", "y"))
    assert (first.problem, first.kind, first.label == "") == (problem, "engine" if problem else "", bool(problem))
    assert second.label


@pytest.mark.slow
def test_a_real_model_knows_what_is_meant(tmp_path):
    said = {
        "weather": ("will it rain tomorrow", "how warm is it outside"),
        "music": ("play some jazz", "turn up the song"),
        "alarm": ("wake me up at seven", "set an alarm for noon"),
    }
    lines = [f'{{"text": "{text}", "label": "{label}"}}\n' for label, texts in said.items() for text in texts]
    (tmp_path / "t.jsonl").write_text("".join(lines))
    labels = Labels(tuple(said))
    asked = load_rows(tmp_path / "t.jsonl", labels)
    with opened(real_model("qwen2.5-coder-0.5b"), kv_type="f16") as engine:
        chat = LocalChat(engine, ChatML(Vocabulary(engine.facts.markers)), "qwen")
        told = {each.line: each for each in LocalIntents(chat, labels, 6, 0.01).classify(asked)}
    assert sum(told[row.line].label == row.truth for row in asked) >= 4
