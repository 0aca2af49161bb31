"""Raw scores of a file: row for row, however long the text, and exact enough to compare."""

from pathlib import Path

import numpy as np
import pytest
from support.engines import opened

from demiurgic.engine.llama.evaluation import Evaluator
from demiurgic.engine.protocol import Done, Piece, Request
from demiurgic.errors import ContextOverflow, EngineError, UserError


def test_every_token_has_its_row_across_batches(tiny_glm4: Path):
    tokens = [(7 * place) % 300 for place in range(600)]
    with Evaluator(tiny_glm4, 640) as evaluator:
        rows = evaluator.scores(tokens)
        assert rows.shape == (600, evaluator.model.size)
        assert rows.dtype == np.float32
        np.testing.assert_allclose(evaluator.scores(tokens[:100]), rows[:100], atol=1e-4)
        np.testing.assert_array_equal(evaluator.scores(tokens[:100]), evaluator.scores(tokens[:100]))


def test_greedy_tokens_are_the_likeliest_of_their_rows(tiny_glm4: Path):
    prompt = list(range(20, 50))
    with Evaluator(tiny_glm4, 128) as evaluator:
        said = evaluator.greedy(prompt, 24)
        rows = evaluator.scores([*prompt, *said])
    assert said == rows[len(prompt) - 1 : -1].argmax(-1).tolist()


def test_rows_are_what_the_engine_makes_odds_of(tiny_glm4: Path):
    prompt = tuple(range(20, 50))
    with Evaluator(tiny_glm4, 128) as evaluator:
        row = evaluator.scores(prompt)[-1].astype(np.float64)
    with opened(tiny_glm4, context=128) as engine:
        events = list(engine.generate(Request(prompt, max_tokens=1, logprobs=3)))
    told = [score for event in events if isinstance(event, Piece) for score in event.scores]
    told += [event.end_score for event in events if isinstance(event, Done) and event.end_score]
    logs = row - row.max() - np.log(np.exp(row - row.max()).sum())
    assert told[0].token == logs.argmax()
    for token, logprob in told[0].rivals:
        assert abs(logs[token] - logprob) < 1e-4


def test_what_cannot_be_evaluated_is_refused(tiny_glm4: Path):
    with Evaluator(tiny_glm4, 64) as evaluator:
        with pytest.raises(EngineError, match="no token at all"):
            evaluator.scores([])
        with pytest.raises(UserError, match="tokens from 0 to"):
            evaluator.scores([10**6])
        with pytest.raises(ContextOverflow):
            evaluator.greedy([1] * 40, 30)
        assert evaluator.scores([1, 2]).shape[0] == 2
