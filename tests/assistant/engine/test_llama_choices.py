"""Choices: the output is one of a few token sequences, and what was allowed is told with its log-probability."""

from pathlib import Path

import pytest
from support.engines import ask, opened

from demiurgic.engine.llama import LlamaEngine
from demiurgic.engine.protocol import Done, EndReason, Piece, Request, Sampling
from demiurgic.errors import UserError

HOT = Sampling(temperature=5.0, seed=3)


@pytest.fixture(scope="module")
def engine(tiny_glm4: Path):
    with opened(tiny_glm4) as engine:
        yield engine


def scores(engine: LlamaEngine, request: Request):
    events = list(engine.generate(request))
    told = [score for event in events if isinstance(event, Piece) for score in event.scores]
    return told, next(event for event in events if isinstance(event, Done))


def test_the_output_is_one_of_the_choices(engine):
    choices = tuple(tuple(engine.tokenize(word)) for word in ("transfer", "transit", "balance"))
    written = {
        tuple(ask(engine, "def", choices=choices, sampling=Sampling(temperature=5.0, seed=seed))[1])
        for seed in range(20)
    }
    assert written <= set(choices)
    assert len(written) > 1


def test_a_choice_ends_where_nothing_goes_on(engine):
    word = tuple(engine.tokenize("balance"))
    text, tokens, done = ask(engine, "def", choices=(word,), sampling=HOT)
    assert (text, tuple(tokens), done.reason) == ("balance", word, EndReason.GRAMMAR)


def test_a_choice_that_goes_on_in_another_may_end_early_or_not(engine):
    short, long = tuple(engine.tokenize("pay")), tuple(engine.tokenize("pay_bill"))
    assert long[: len(short)] == short
    ends = sorted(engine.facts.ends)
    for bias, wanted in ((1e6, short), (-1e6, long)):
        request = Request(
            tuple(engine.tokenize("def")),
            choices=(short, long),
            logprobs=0,
            sampling=Sampling(bias=tuple((token, bias) for token in ends)),
        )
        told, done = scores(engine, request)
        assert tuple(score.token for score in told) == wanted
        last = told[len(short)] if wanted == long else done.end_score
        assert last is not None
        assert {token for token, _ in last.rivals} == {long[len(short)], *ends}
        assert (done.end_score is None) == (wanted == long)


def test_what_was_allowed_is_told_as_the_model_thought_it(engine):
    prompt = tuple(engine.tokenize("return"))
    first, second = engine.tokenize("t")[0], engine.tokenize("q")[0]
    free, _ = scores(engine, Request(prompt, max_tokens=1, logprobs=engine.facts.vocabulary))
    everything = dict(free[0].rivals)
    told, _ = scores(engine, Request(prompt, choices=((first,), (second,)), logprobs=0))
    assert dict(told[0].rivals) == {token: pytest.approx(everything[token], abs=1e-4) for token in (first, second)}


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"choices": ((),)}, "at least one sequence"),
        ({"choices": ((10**9,),)}, "may hold tokens"),
        ({"choices": ((1,),), "grammar": 'start: "a"'}, "not both"),
    ],
)
def test_wrong_choices_are_refused(engine, wishes, words):
    with pytest.raises(UserError, match=words):
        engine.generate(Request((5,), **wishes))


def test_requests_that_share_a_long_beginning_stay_evaluated_together(tiny_glm4: Path):
    with opened(tiny_glm4, context=4096, parallel=16) as engine:
        shared = engine.tokenize("import " * 60)
        prompts = [(*shared, *engine.tokenize(f"{number}" * 30)) for number in range(10)]
        for prompt in prompts:
            ask(engine, prompt, max_tokens=1)
        read = engine.stats().prompt_tokens
        for prompt in prompts:
            ask(engine, (*prompt, 5), max_tokens=1)
        # The last token of each is read again with the new one; nothing else is.
        assert engine.stats().prompt_tokens - read <= 2 * len(prompts)
