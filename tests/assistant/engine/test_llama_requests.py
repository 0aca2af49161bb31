"""What one request can ask for, what is refused, and how generations end."""

import math
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from llama_cpp import LLAMA_POOLING_TYPE_MEAN, Llama
from support.engines import ask, follow, opened
from support.tiny_models import make_glm

from demiurgic.engine.llama import LlamaEngine
from demiurgic.engine.options import EngineOptions
from demiurgic.engine.protocol import Done, EndReason, Piece, Reading, Request, Sampling
from demiurgic.engine.text import TextStream
from demiurgic.errors import BadModelFile, BadSchema, ContextOverflow, EngineError, UserError

HOT = Sampling(temperature=1.5, seed=7)


@pytest.fixture(scope="module")
def engine(tiny_glm4: Path):
    with opened(tiny_glm4) as engine:
        yield engine


def test_seeds_make_sampling_repeatable(engine):
    once, again = (ask(engine, "def", sampling=HOT)[1] for _ in range(2))
    other = ask(engine, "def", sampling=Sampling(temperature=1.5, seed=8))[1]
    assert once == again != other


def test_the_likeliest_of_one_is_greedy(engine):
    assert ask(engine, "def", sampling=Sampling(2.0, top_k=1, seed=1))[1] == ask(engine, "def")[1]


def test_bias_forbids_and_forces(engine):
    letter = engine.tokenize("q")[0]
    _, forced, _ = ask(engine, "def", max_tokens=5, sampling=Sampling(bias=((letter, 1e6),)))
    assert forced == [letter] * 5
    first = ask(engine, "def", max_tokens=1)[1][0]
    assert ask(engine, "def", max_tokens=1, sampling=Sampling(bias=((first, -1e9),)))[1] != [first]


def test_samples_follow_the_models_own_distribution(engine):
    prompt = tuple(engine.tokenize("return"))
    scored = [e for e in engine.generate(Request(prompt, max_tokens=1, logprobs=300)) if isinstance(e, Piece)]
    odds = {token: math.exp(logprob) for token, logprob in scored[0].scores[0].rivals}
    assert sum(odds.values()) == pytest.approx(1, abs=0.2)
    drawn = [engine.generate(Request(prompt, max_tokens=1, sampling=Sampling(1.0, seed=n))) for n in range(600)]
    counts = Counter(tokens[0] for _, tokens, _ in map(follow, drawn) if tokens)
    for token, chance in sorted(odds.items(), key=lambda pair: -pair[1])[:5]:
        deviation = 4 * math.sqrt(600 * chance * (1 - chance))
        assert abs(counts[token] - 600 * chance) < deviation + 1


def test_logprobs_are_those_before_the_grammar(engine):
    plain = next(e for e in engine.generate(Request((5, 6), max_tokens=1, logprobs=3)) if isinstance(e, Piece))
    held = next(
        e
        for e in engine.generate(Request((5, 6), max_tokens=1, logprobs=3, grammar='start: "zebra"'))
        if isinstance(e, Piece)
    )
    assert plain.scores[0].rivals == held.scores[0].rivals
    assert plain.scores[0].rivals[0][0] == plain.tokens[0]
    assert held.scores[0].logprob < plain.scores[0].logprob


def test_the_output_satisfies_its_grammar(engine):
    for seed in range(10):
        text, _, done = ask(engine, "x", grammar=r"start: /[a-c]{2,5}-[0-9]{3}/", sampling=Sampling(1.5, seed=seed))
        assert done.reason in (EndReason.GRAMMAR, EndReason.END_TOKEN)
        head, _, digits = text.partition("-")
        assert set(head) <= set("abc")
        assert 2 <= len(head) <= 5
        assert len(digits) == 3


def test_constrained_samples_follow_the_renormalised_distribution(engine):
    prompt = tuple(engine.tokenize("return"))
    letters = {engine.tokenize(letter)[0]: letter for letter in "abcd"}
    scored = next(e for e in engine.generate(Request(prompt, max_tokens=1, logprobs=371)) if isinstance(e, Piece))
    odds = {token: math.exp(logprob) for token, logprob in scored.scores[0].rivals if token in letters}
    odds = {token: chance / sum(odds.values()) for token, chance in odds.items()}
    wish = {"max_tokens": 1, "grammar": "start: /[abcd]/"}
    drawn = [engine.generate(Request(prompt, sampling=Sampling(1.0, seed=n), **wish)) for n in range(400)]
    counts = Counter(tokens[0] for _, tokens, _ in map(follow, drawn))
    for token, chance in odds.items():
        assert abs(counts[token] - 400 * chance) < 4 * math.sqrt(400 * chance * (1 - chance)) + 1


def test_a_bad_grammar_is_refused_before_any_work(engine):
    with pytest.raises(BadSchema):
        engine.generate(Request((1, 2), grammar="start: ((("))


def test_stop_texts_end_the_output_across_token_borders(engine):
    whole, tokens, _ = ask(engine, "import", max_tokens=30, sampling=HOT)
    stop = whole[4:8]
    assert len(engine.tokenize(stop)) > 1
    text, _, done = ask(engine, "import", max_tokens=30, sampling=HOT, stop=("never", stop))
    assert done.reason is EndReason.STOP_TEXT
    assert done.stop_text == stop
    assert text == whole[: whole.find(stop)]
    assert stop not in text
    assert tokens


def test_text_never_ends_in_half_a_character_or_half_a_stop():
    data = "a🙂b你好STOPx".encode()
    for cut in range(len(data)):
        stream = TextStream(["STOP", "TOP!"])
        parts = [stream.feed(data[:cut]), stream.feed(data[cut:]), stream.finish()]
        assert "".join(parts) == "a🙂b你好"
        assert all("�" not in part for part in parts)
        assert stream.stopped_by == "STOP"


def test_bytes_that_are_no_text_become_replacement_marks(engine):
    for seed in range(20):
        text, tokens, _ = ask(engine, "x", max_tokens=40, sampling=Sampling(3.0, seed=seed), markers=True)
        assert text == engine.detokenize(tokens).decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"prompt": ()}, UserError),
        ({"prompt": (-1,)}, UserError),
        ({"prompt": (10**9,)}, UserError),
        ({"max_tokens": 0}, UserError),
        ({"draft": (10**9,)}, UserError),
        ({"sampling": Sampling(temperature=-1)}, UserError),
        ({"sampling": Sampling(temperature=float("nan"))}, UserError),
        ({"sampling": Sampling(top_p=0)}, UserError),
        ({"sampling": Sampling(bias=((10**9, 1.0),))}, UserError),
        ({"sampling": Sampling(bias=((1, float("nan")),))}, UserError),
    ],
)
def test_nonsense_is_refused_and_the_engine_lives_on(engine, wish, error):
    with pytest.raises(error):
        engine.generate(Request(**{"prompt": (1, 2, 3), "max_tokens": 4, **wish}))
    assert ask(engine, "def")[2].prompt_tokens


def test_the_context_is_exact(tiny_glm4: Path):
    with opened(tiny_glm4, context=256) as engine:
        prompt = (5,) * 200
        with pytest.raises(ContextOverflow) as caught:
            engine.generate(Request(prompt, max_tokens=57))
        assert (caught.value.prompt, caught.value.answer, caught.value.limit) == (200, 57, 256)
        never = Sampling(bias=tuple((token, -1e9) for token in engine.facts.ends))
        for wished in (56, None):
            _, tokens, done = follow(engine.generate(Request(prompt, max_tokens=wished, sampling=never)))
            assert (len(tokens), done.reason) == (56, EndReason.LENGTH)


def test_progress_is_told_while_the_prompt_is_read(engine):
    events = list(engine.generate(Request((7,) * 1000, max_tokens=1)))
    reading = [event for event in events if isinstance(event, Reading)]
    assert [event.done for event in reading] == sorted(event.done for event in reading)
    assert len(reading) >= 4
    assert reading[-1].total == 1000


def test_more_requests_than_places_all_end_as_they_would_alone(tiny_glm4: Path):
    with opened(tiny_glm4, parallel=4) as engine:
        prompts = [f"{number} def" for number in range(60)]
        running = [engine.generate(Request(tuple(engine.tokenize(prompt)), max_tokens=12)) for prompt in prompts]
        together = [follow(generation)[1] for generation in running]
        alone = [ask(engine, prompt, max_tokens=12)[1] for prompt in prompts]
    same = sum(one == other for one, other in zip(together, alone, strict=True))
    assert same >= 57, "batch shapes may round differently, but not this often"


def test_a_short_request_does_not_wait_for_a_long_prompt(tiny_glm4: Path):
    with opened(tiny_glm4, context=4096) as engine:
        order = []
        long = engine.generate(Request((9,) * 3500, max_tokens=1))

        def read(name, generation):
            follow(generation)
            order.append(name)

        slow = threading.Thread(target=read, args=("long", long))
        slow.start()
        read("short", engine.generate(Request((3, 4, 5), max_tokens=3)))
        slow.join()
    assert order == ["short", "long"]


def test_a_thousand_cancels_leave_nothing_behind(tiny_glm4: Path):
    with opened(tiny_glm4, parallel=8) as engine:
        reasons = []

        def worker(seed: int) -> None:
            for number in range(125):
                generation = engine.generate(Request((seed + 1,) * (1 + 97 * number % 500), max_tokens=50))
                timer = threading.Timer((number * seed % 17) / 3000, generation.cancel)
                timer.start()
                reasons.append(follow(generation)[2].reason)
                timer.join()

        threads = [threading.Thread(target=worker, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(reasons) == 1000
        assert reasons.count(EndReason.CANCELLED) > 100
        assert engine.stats().running == engine.stats().waiting == 0
        assert len(ask(engine, "def", max_tokens=5, sampling=Sampling(bias=((360, -1e9),)))[1]) <= 5


def test_cancelling_in_a_long_prompt_is_prompt(smollm2: Path):
    with opened(smollm2, context=8192, kv_type="f16") as engine:
        waits = []
        for number in range(3):
            generation = engine.generate(Request((number + 20,) * 6000, max_tokens=1))
            time.sleep(0.3)
            start = time.perf_counter()
            generation.cancel()
            assert follow(generation)[2].reason is EndReason.CANCELLED
            waits.append(time.perf_counter() - start)
    # The aim is 50 ms, which the benchmark checks; a busy CI machine gets some slack.
    assert sorted(waits)[1] < 0.25


def test_what_was_read_before_a_cancel_is_not_lost(tiny_glm4: Path):
    with opened(tiny_glm4, context=4096) as engine:
        prompt = (11,) * 3000
        generation = engine.generate(Request(prompt, max_tokens=1))
        for event in generation:
            if isinstance(event, Reading) and event.done >= 1024:
                generation.cancel()
        _, _, done = follow(engine.generate(Request(prompt, max_tokens=1)))
    assert done.cached_tokens >= 1024


def test_closing_ends_everything_that_runs(tiny_glm4: Path):
    before = set(threading.enumerate())
    engine = LlamaEngine(tiny_glm4, EngineOptions(context=2048))
    running = [engine.generate(Request((number + 1,) * 1500, max_tokens=100)) for number in range(6)]
    engine.close()
    for generation in running:
        with pytest.raises(EngineError, match="closed"):
            follow(generation)
    engine.close()
    for call in (
        lambda: engine.generate(Request((1,))),
        lambda: engine.generate(Request((1,), grammar='start: "a"')),
        lambda: engine.tokenize("x"),
        lambda: engine.detokenize([1]),
        lambda: engine.embed(["x"]),
    ):
        with pytest.raises(EngineError, match="closed"):
            call()
    assert not set(threading.enumerate()) - before


def test_files_that_are_no_models_are_refused_by_name(tmp_path: Path):
    file = tmp_path / "model.gguf"
    for content in (b"", b"GGUF", b"\x00" * 5000, b"GGUF\x03\x00\x00\x00" + b"\xff" * 200):
        file.write_bytes(content)
        with pytest.raises(BadModelFile, match=r"model\.gguf"):
            LlamaEngine(file)
    with pytest.raises(BadModelFile):
        LlamaEngine(tmp_path)


def test_a_truncated_model_is_refused(tiny_glm4: Path, tmp_path: Path):
    file = tmp_path / "short.gguf"
    file.write_bytes(tiny_glm4.read_bytes()[:-1000])
    with pytest.raises(BadModelFile, match="truncated"):
        LlamaEngine(file)


def test_a_model_file_replaced_under_a_running_engine_does_no_harm(tiny_glm4: Path, tiny_glm: Path, tmp_path: Path):
    file = tmp_path / "model.gguf"
    file.write_bytes(tiny_glm4.read_bytes())
    with opened(file) as engine:
        before = ask(engine, "def")[1]
        other = tmp_path / "other"
        other.write_bytes(tiny_glm.read_bytes())
        other.replace(file)
        assert ask(engine, "def")[1] == before


def test_embeddings_are_unit_vectors_that_know_likeness(smollm2: Path):
    with opened(smollm2) as engine:
        cat, kitten, stock, again = engine.embed(
            ["a small cat", "a little kitten", "stock market crash", "a small cat"]
        )
    assert sum(x * x for x in cat) == pytest.approx(1)
    assert cat == again

    def likeness(one, other):
        return sum(x * y for x, y in zip(one, other, strict=True))

    assert likeness(cat, kitten) > likeness(cat, stock)


def test_a_text_is_embedded_as_the_library_itself_does_it(tmp_path: Path):
    texts = ["a cat", "<|user|> is no order here", ""]
    vectors = []
    for framed in (True, False):
        model = make_glm(tmp_path / f"{framed}.gguf", framed=framed)
        with opened(model) as engine:
            vectors.append(engine.embed(texts))
        peer = Llama(str(model), embedding=True, pooling_type=LLAMA_POOLING_TYPE_MEAN, n_ctx=512, verbose=False)
        said = zip(texts, vectors[-1], strict=True)
        for text, vector in said:
            if text:
                assert vector == pytest.approx(peer.embed(text, normalize=True), abs=1e-3)
        peer.close()
    assert vectors[0] != vectors[1]


def test_a_grammar_does_not_wait_for_embeddings(engine):
    ask(engine, "x", grammar='start: "a"')
    embedding = threading.Thread(target=engine.embed, args=(["def add(a, b): return a + b"] * 500,))
    embedding.start()
    assert ask(engine, "x", grammar='start: "a"')[0] == "a"
    assert embedding.is_alive()
    embedding.join()


def test_an_answer_ends_with_exactly_one_done(engine):
    events = list(engine.generate(Request((4, 5), max_tokens=3)))
    assert sum(isinstance(event, Done) for event in events) == 1
    assert isinstance(events[-1], Done)
