"""A real model, sampled hot, can only make valid calls, and every reader reads them as the grammar meant them."""

import ctypes
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from llguidance import LLMatcher, LLTokenizer
from llguidance.llamacpp import lltokenizer_from_vocab
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask
from support.real_models import real_model
from support.schemas import TOOLS

from demiurgic.engine.llama.binding import lib
from demiurgic.templates.dialects import ChatGlm3Calls, Glm4Calls, Hermes, Llama3Calls, TaggedCalls
from demiurgic.templates.protocol import CallRead, CallRules, Dialect, Vocabulary

DIALECTS: list[Dialect] = [
    Hermes(),
    Glm4Calls(),
    TaggedCalls(newlines=False),
    TaggedCalls(newlines=True),
    ChatGlm3Calls(),
    Llama3Calls(),
]


class Sampler:
    """The smallest loop that decodes under a grammar: sample, check, and mask where the check fails."""

    def __init__(self, path: Path) -> None:
        settings = lib.llama_model_default_params()
        settings.n_gpu_layers = 0
        self.model = lib.llama_model_load_from_file(str(path).encode(), settings)
        options = lib.llama_context_default_params()
        options.n_ctx, options.n_threads, options.n_threads_batch = 1024, 1, 1
        self.context = lib.llama_init_from_model(self.model, options)
        self.vocabulary = lib.llama_model_get_vocab(self.model)
        self.size = lib.llama_vocab_n_tokens(self.vocabulary)
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # llguidance's own
            self.tokenizer: LLTokenizer = lltokenizer_from_vocab(self.vocabulary)
        self.random = np.random.default_rng(7)

    def close(self) -> None:
        lib.llama_free(self.context)
        lib.llama_model_free(self.model)

    def run(self, prompt: str, grammar: str, limit: int = 150) -> str | None:
        """What the model wrote, or None if it did not come to an end."""
        matcher = LLMatcher(self.tokenizer, LLMatcher.grammar_from_lark(grammar))
        assert not matcher.is_error(), matcher.get_error()
        lib.llama_memory_clear(lib.llama_get_memory(self.context), True)
        self._evaluate(self.tokenizer.tokenize_str(prompt, parse_special=True))
        written: list[int] = []
        while not matcher.is_stopped() and len(written) < limit:
            token = self._sample(matcher)
            if lib.llama_vocab_is_eog(self.vocabulary, token):
                return self.tokenizer.decode_str(written)
            assert matcher.consume_token(token), matcher.get_error()
            written.append(token)
            self._evaluate([token])
        return self.tokenizer.decode_str(written) if matcher.is_accepting() or matcher.is_stopped() else None

    def _evaluate(self, tokens: list[int]) -> None:
        array = (lib.llama_token * len(tokens))(*tokens)  # the batch only points to it
        assert lib.llama_decode(self.context, lib.llama_batch_get_one(array, len(tokens))) == 0

    def _sample(self, matcher: LLMatcher) -> int:
        pointer = lib.llama_get_logits_ith(self.context, -1)
        logits = np.ctypeslib.as_array(ctypes.cast(pointer, ctypes.POINTER(ctypes.c_float)), shape=(self.size,)) / 1.2
        token = self._draw(logits)
        ends = lib.llama_vocab_is_eog(self.vocabulary, token)
        if matcher.is_accepting() if ends else matcher.validate_tokens([token]) == 1:
            return token
        mask = allocate_token_bitmask(1, self.size)
        fill_next_token_bitmask(matcher, mask)
        allowed = np.unpackbits(mask[0].view(np.uint8), bitorder="little")[: self.size].astype(bool)
        return self._draw(np.where(allowed, logits, -np.inf))

    def _draw(self, logits: np.ndarray) -> int:
        weights = np.exp((logits - logits.max()).astype(np.float64))
        return int(self.random.choice(self.size, p=weights / weights.sum()))


@pytest.fixture(scope="module")
def sampler() -> Iterator[Sampler]:
    made = Sampler(real_model("smollm2-135m"))
    yield made
    made.close()


@pytest.mark.parametrize("dialect", DIALECTS, ids=repr)
def test_hot_samples_are_valid_calls(dialect: Dialect, sampler: Sampler):
    whole = 0
    for at, tool in enumerate(TOOLS[DIALECTS.index(dialect) % 2 :: 2]):
        others = tuple(other for other in TOOLS[:3] if other != tool) if at % 2 else ()
        rules = CallRules((tool, *others), "required", parallel=at % 3 == 0)
        prompt = f"<|im_start|>user\nCall {tool.name} please.<|im_end|>\n<|im_start|>assistant\n"
        text = sampler.run(prompt, dialect.grammar(rules, Vocabulary({}), None))
        reader = dialect.reader(rules.tools, None)
        if text is None:
            continue
        whole += 1
        events = reader.feed(text) + reader.finish()
        calls = [event for event in events if isinstance(event, CallRead)]
        assert calls, (text, events)
        for call in calls:
            schema = next(known.parameters for known in rules.tools if known.name == call.name)
            assert Draft202012Validator(schema).is_valid(call.arguments), text
        kinds = {type(event).__name__ for event in events}
        assert kinds <= {"CallOpened", "CallText", "CallRead"}, (text, events)
        assert all(call.native for call in calls), text
    assert whole >= 8
