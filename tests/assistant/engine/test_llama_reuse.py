"""What was evaluated once is found again, and changes nothing but the time."""

from functools import partial
from pathlib import Path

import pytest
from support import engines
from support.engines import ask, follow

from demiurgic.engine.protocol import EndReason, Request, Sampling
from demiurgic.errors import UserError

LONG = "def add(a, b):\n    return a + b\n\n" * 8
NEVER_END = Sampling(bias=tuple((token, -1e9) for token in range(360, 371)))


@pytest.fixture(params=[False, True], ids=["places shared", "places apart"])
def opened(request: pytest.FixtureRequest):
    return partial(engines.opened, separate=request.param)


@pytest.fixture(params=["tiny_glm4", "tiny_glm", "tiny_chatglm3", "tiny_mamba"])
def model(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


def test_the_same_prompt_twice_gives_the_same_tokens_and_is_not_read_twice(opened, model: Path):
    with opened(model) as engine:
        _, first, cold = ask(engine, LONG)
        _, again, warm = ask(engine, LONG)
    assert first == again
    assert cold.cached_tokens == 0
    assert warm.cached_tokens == warm.prompt_tokens - 1


def test_a_continued_conversation_reads_only_what_is_new(opened, model: Path):
    with opened(model) as engine:
        prompt = engine.tokenize(LONG)
        _, said, _ = ask(engine, prompt)
        longer = [*prompt, *said[:-1], *engine.tokenize("and then")]
        _, warm, done = ask(engine, longer)
    with opened(model) as fresh:
        _, cold, _ = ask(fresh, longer)
    assert done.cached_tokens >= len(prompt) - 1
    assert len(warm) == len(cold)


def test_going_back_and_forking_reuse_the_shared_part(opened, tiny_glm4: Path):
    with opened(tiny_glm4) as engine:
        prompt = engine.tokenize(LONG)
        left, right = [*prompt, *engine.tokenize("left")], [*prompt, *engine.tokenize("right")]
        alone = {}
        for name, tokens in (("left", left), ("right", right), ("back", prompt[:100])):
            with opened(tiny_glm4) as fresh:
                alone[name] = ask(fresh, tokens)[1]
        ask(engine, prompt)
        results = {
            name: ask(engine, tokens) for name, tokens in (("left", left), ("right", right), ("back", prompt[:100]))
        }
    for name, (_, tokens, done) in results.items():
        assert tokens == alone[name], name
        assert done.cached_tokens >= min(len(prompt), 100) - 1, name


def test_forks_that_start_together_share_one_reading(opened, tiny_glm4: Path):
    with opened(tiny_glm4) as engine:
        prompt = tuple(engine.tokenize(LONG))
        running = [engine.generate(Request(prompt, max_tokens=8, sampling=Sampling(1.0, seed=n))) for n in range(8)]
        cached = [follow(generation)[2].cached_tokens for generation in running]
        stats = engine.stats()
    assert sum(cached) == 7 * (len(prompt) - 1)
    assert stats.prompt_tokens == len(prompt) - 1


def test_evicted_sequences_come_back_from_memory(opened, tiny_glm4: Path):
    with opened(tiny_glm4, parallel=1, memory_cache=2**24) as engine:
        prompts = [engine.tokenize(f"{number} {LONG}") for number in range(25)]
        first = [ask(engine, prompt, max_tokens=6)[1] for prompt in prompts]
        stats = engine.stats()
        again = [ask(engine, prompt, max_tokens=6) for prompt in prompts]
    assert stats.kept_bytes > 0
    assert [tokens for _, tokens, _ in again] == first
    assert all(done.cached_tokens == done.prompt_tokens - 1 for _, _, done in again)


def test_the_memory_budget_holds(opened, tiny_glm4: Path):
    with opened(tiny_glm4, parallel=1, memory_cache=300_000) as engine:
        for number in range(40):
            ask(engine, f"{number} {LONG}", max_tokens=2)
        assert 0 < engine.stats().kept_bytes <= 300_000


def test_prefixes_survive_on_disk(opened, tiny_glm4: Path, tmp_path: Path):
    disk = {"disk_cache": 2**24, "cache_dir": tmp_path}
    with opened(tiny_glm4, **disk) as engine:
        _, first, _ = ask(engine, LONG)
    assert list(tmp_path.rglob("*.kv"))
    with opened(tiny_glm4, **disk) as engine:
        _, again, done = ask(engine, LONG)
    assert again == first
    assert done.cached_tokens == done.prompt_tokens - 1


def test_damaged_prefix_files_are_as_good_as_none(opened, tiny_glm4: Path, tmp_path: Path):
    disk = {"disk_cache": 2**24, "cache_dir": tmp_path}
    with opened(tiny_glm4, **disk) as engine:
        _, first, _ = ask(engine, LONG)
    for file in tmp_path.rglob("*.kv"):
        data = bytearray(file.read_bytes())
        data[-10] ^= 255
        file.write_bytes(data)
    with opened(tiny_glm4, **disk) as engine:
        assert ask(engine, LONG)[1] == first


def test_save_and_load_carry_a_conversation_to_another_engine(opened, model: Path, tmp_path: Path):
    file = tmp_path / "state.kv"
    with opened(model) as engine:
        prompt = engine.tokenize(LONG)
        _, first, _ = ask(engine, prompt)
        saved = engine.save(prompt[:-1], file)
    assert saved == len(prompt) - 1
    with opened(model) as engine:
        assert engine.load(file) == tuple(prompt[:-1])
        _, again, done = ask(engine, prompt)
    assert again == first
    assert done.cached_tokens == len(prompt) - 1


@pytest.mark.parametrize(
    "damage", [lambda data: data[:-7], lambda data: b"nonsense", lambda data: data[:5], bytes.swapcase]
)
def test_a_damaged_save_is_refused_by_name(opened, tiny_glm4: Path, tmp_path: Path, damage):
    file = tmp_path / "state.kv"
    with opened(tiny_glm4) as engine:
        prompt = engine.tokenize(LONG)
        ask(engine, prompt)
        engine.save(prompt, file)
        file.write_bytes(damage(file.read_bytes()))
        with pytest.raises(UserError, match=r"state\.kv"):
            engine.load(file)


def test_a_save_of_another_model_is_refused(opened, tiny_glm4: Path, tiny_glm: Path, tmp_path: Path):
    file = tmp_path / "state.kv"
    with opened(tiny_glm4) as engine:
        ask(engine, LONG)
        engine.save(engine.tokenize(LONG), file)
    with opened(tiny_glm) as other, pytest.raises(UserError, match="another model"):
        other.load(file)


def test_when_the_places_run_out_requests_are_put_aside_and_go_on(opened, tiny_glm4: Path):
    wishes = {"max_tokens": 200, "sampling": NEVER_END}
    with opened(tiny_glm4, context=512) as engine:
        prompts = [engine.tokenize(f"{number} and") for number in range(6)]
        alone = [ask(engine, prompt, **wishes)[1] for prompt in prompts]
        running = [engine.generate(Request(tuple(prompt), **wishes)) for prompt in prompts]
        together = [follow(generation) for generation in running]
    assert all(done.reason is EndReason.LENGTH for _, _, done in together)
    assert [len(tokens) for _, tokens, _ in together] == [len(tokens) for tokens in alone]
    same = sum(one == other for one, (_, other, _) in zip(alone, together, strict=True))
    assert same >= 4, "batch shapes may round differently, but not this often"


def test_adapters_change_the_output_and_never_share_a_prefix(opened, tiny_glm4: Path, tiny_lora: Path):
    from demiurgic.engine.protocol import Adapter

    with opened(tiny_glm4) as engine:
        _, plain, _ = ask(engine, LONG, sampling=NEVER_END)
        _, bent, done = ask(engine, LONG, sampling=NEVER_END, adapters=(Adapter(tiny_lora),))
        _, silent, _ = ask(engine, LONG, sampling=NEVER_END, adapters=(Adapter(tiny_lora, scale=0.0),))
        prompt = tuple(engine.tokenize(LONG))
        both = [
            engine.generate(Request(prompt, max_tokens=24, sampling=NEVER_END, adapters=adapters))
            for adapters in ((), (Adapter(tiny_lora),))
        ]
        mixed = [follow(generation)[1] for generation in both]
    assert done.cached_tokens == 0
    assert bent != plain
    assert silent == plain
    assert mixed == [plain, bent]
