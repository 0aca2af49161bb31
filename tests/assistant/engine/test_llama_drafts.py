"""Drafts change the speed and nothing else."""

import random
from pathlib import Path

import pytest
from support.engines import ask, opened

from demiurgic.engine.llama.drafts import Drafter
from demiurgic.engine.protocol import EndReason, Sampling


@pytest.fixture(scope="module")
def engine(tiny_glm4: Path):
    with opened(tiny_glm4) as engine:
        yield engine


def test_any_draft_gives_the_plain_greedy_output(engine):
    chance = random.Random(1)
    accepted = 0
    for number in range(60):
        prompt = [chance.randrange(360) for _ in range(20)]
        _, plain, _ = ask(engine, prompt, max_tokens=60)
        edited = list(plain)
        if edited:
            edited[chance.randrange(len(edited))] = chance.randrange(360)
        noise = [chance.randrange(360) for _ in range(80)]
        for draft in (plain, edited, noise, [*noise, *plain], plain[:2]):
            _, drafted, done = ask(engine, prompt, max_tokens=60, draft=tuple(draft))
            assert drafted == plain, number
            accepted += done.accepted
    assert accepted > 500


def test_a_right_draft_is_taken(engine):
    never = Sampling(bias=tuple((token, -1e9) for token in engine.facts.ends))
    _, plain, _ = ask(engine, "import path", max_tokens=120, sampling=never)
    _, drafted, done = ask(engine, "import path", max_tokens=120, sampling=never, draft=tuple(plain))
    assert drafted == plain
    assert done.accepted > 60


def test_limits_and_stops_hold_within_a_draft(engine):
    text, plain, _ = ask(engine, "import path", max_tokens=60)
    for limit in (1, 5, 23):
        assert ask(engine, "import path", max_tokens=limit, draft=tuple(plain))[1] == plain[:limit]
    stop = text[20:23]
    with_draft = ask(engine, "import path", max_tokens=60, draft=tuple(plain), stop=(stop,))
    without = ask(engine, "import path", max_tokens=60, stop=(stop,))
    assert with_draft[0] == without[0]
    assert with_draft[2].reason is without[2].reason is EndReason.STOP_TEXT


def test_a_grammar_holds_within_a_draft(engine):
    grammar = "start: /[a-m]{40}/"
    text, plain, _ = ask(engine, "x", max_tokens=60, grammar=grammar)
    again, tokens, _ = ask(engine, "x", max_tokens=60, grammar=grammar, draft=(*plain[:20], 1, 2, 3, *plain[20:]))
    assert (again, tokens) == (text, plain)


def test_guesses_follow_the_text_and_give_up_on_noise():
    source = list(range(100, 200))
    drafter = Drafter(source, 47)
    assert drafter.guess([1, 2, 3]) == []
    assert drafter.guess([7, 100, 101, 102]) == source[3:50]
    for _ in range(3):
        drafter.learn(47, 0)
    assert drafter.guess([7, 120, 121, 122]) == []
    assert drafter.guess(source[40:60]) == source[60:83]


def test_repeated_lines_continue_where_the_output_last_was():
    source = [1, 2, 3, 10, 1, 2, 3, 20, 1, 2, 3, 30]
    drafter = Drafter(source, 2)
    assert drafter.guess([1, 2, 3]) == [10, 1]
    drafter.learn(2, 2)
    assert drafter.guess([1, 2, 3]) == [20, 1]
