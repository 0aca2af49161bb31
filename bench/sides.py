"""One side of one question: run as `python -m bench.sides NAME ARGUMENTS`, prints its figures as one line of JSON."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CODE = Path(__file__).parent / "inventory.txt"
THREADS = 2


def prompt_ids(count: int, seed: int) -> list[int]:
    """Tokens that mean nothing: what is measured does not depend on what they say."""
    return [(number * 7919 + seed * 101) % 40000 + 100 for number in range(count)]


@contextmanager
def our_engine(model: str, **options: Any) -> Iterator[Any]:
    from demiurgic.engine.llama import LlamaEngine
    from demiurgic.engine.options import EngineOptions

    engine = LlamaEngine(Path(model), EngineOptions(**{"context": 8192, **options}))
    try:
        yield engine
    finally:
        engine.close()


def run(engine: Any, prompt: list[int], count: int, **wishes: Any) -> tuple[list[int], float, float, Any]:
    """Tokens, seconds to the first and to the last, and the end."""
    from demiurgic.engine.protocol import Done, Piece, Request

    start, first, tokens, done = time.perf_counter(), 0.0, [], None
    for event in engine.generate(Request(tuple(prompt), max_tokens=count, **wishes)):
        if isinstance(event, Piece):
            first = first or time.perf_counter() - start
            tokens += event.tokens
        elif isinstance(event, Done):
            done = event
    return tokens, first, time.perf_counter() - start, done


def no_end(engine: Any) -> Any:
    from demiurgic.engine.protocol import Sampling

    # What the peers do when nobody says otherwise.
    usual = {"top_k": 40, "top_p": 0.95, "min_p": 0.05}
    return Sampling(temperature=0.8, seed=1, **usual, bias=tuple((token, -1e9) for token in engine.facts.ends))


def class_of(model: str, **options: Any) -> Any:
    from llama_cpp import Llama

    settings = {"n_ctx": 8192, "n_threads": THREADS, "n_threads_batch": THREADS, "verbose": False, **options}
    return Llama(model, **settings)


def served(model: str, **options: Any) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx = options.get("n_ctx", 8192)
    params.n_parallel = options.get("n_parallel", 1)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = THREADS
    params.verbosity = 0
    params.port = 0
    for name, value in options.items():
        if name not in ("n_ctx", "n_parallel"):
            setattr(params, name, value)
    return xllamacpp.Server(params)


# 1. batching


def ours_batching(model: str, count: str, length: str) -> dict[str, float]:
    from demiurgic.engine.protocol import Done, Request

    with our_engine(model) as engine:
        wish = no_end(engine)
        run(engine, prompt_ids(16, 999), 4, sampling=wish)
        start = time.perf_counter()
        running = [
            engine.generate(Request(tuple(prompt_ids(16, seed)), max_tokens=int(length), sampling=wish))
            for seed in range(int(count))
        ]
        tokens = sum(e.completion_tokens for g in running for e in g if isinstance(e, Done))
        return {"tokens/s": tokens / (time.perf_counter() - start)}


def class_batching(model: str, count: str, length: str) -> dict[str, float]:
    llama = class_of(model)
    ends = dict.fromkeys((llama.token_eos(),), -1000000000.0)
    llama.create_completion(prompt_ids(16, 999), max_tokens=4)
    start, tokens = time.perf_counter(), 0
    for seed in range(int(count)):
        answer = llama.create_completion(prompt_ids(16, seed), max_tokens=int(length), temperature=0.8, logit_bias=ends)
        tokens += answer["usage"]["completion_tokens"]
    return {"tokens/s": tokens / (time.perf_counter() - start)}


def server_batching(model: str, count: str, length: str) -> dict[str, float]:
    from concurrent.futures import ThreadPoolExecutor

    server = served(model, n_parallel=int(count), n_ctx=8192)
    ask = {"max_tokens": int(length), "temperature": 0.8, "ignore_eos": True, "cache_prompt": False}
    server.handle_completions({"prompt": prompt_ids(16, 999), **ask, "max_tokens": 4})
    start = time.perf_counter()
    with ThreadPoolExecutor(int(count)) as pool:
        answers = list(
            pool.map(lambda s: server.handle_completions({"prompt": prompt_ids(16, s), **ask}), range(int(count)))
        )
    tokens = sum(answer["usage"]["completion_tokens"] for answer in answers)
    return {"tokens/s": tokens / (time.perf_counter() - start)}


# 2. prefixes


def ours_prefix(model: str) -> dict[str, float]:
    with our_engine(model) as engine:
        run(engine, prompt_ids(40, 50), 1)
        shared = prompt_ids(1000, 1)
        cold = run(engine, [*shared, *prompt_ids(40, 2)], 1)[1]
        same = run(engine, [*shared, *prompt_ids(40, 3)], 1)[1]
        run(engine, prompt_ids(1000, 9), 1)
        back = run(engine, [*shared, *prompt_ids(40, 4)], 1)[1]
    return {"cold": cold, "same": same, "other": back}


def class_prefix(model: str, cache: str) -> dict[str, float]:
    from llama_cpp import LlamaRAMCache

    llama = class_of(model)
    if cache == "cached":
        llama.set_cache(LlamaRAMCache(2 << 30))

    def first(prompt: list[int]) -> float:
        start = time.perf_counter()
        llama.create_completion(prompt, max_tokens=1, temperature=0)
        return time.perf_counter() - start

    first(prompt_ids(40, 50))
    shared = prompt_ids(1000, 1)
    cold = first([*shared, *prompt_ids(40, 2)])
    same = first([*shared, *prompt_ids(40, 3)])
    first(prompt_ids(1000, 9))
    return {"cold": cold, "same": same, "other": first([*shared, *prompt_ids(40, 4)])}


def server_prefix(model: str) -> dict[str, float]:
    server = served(model, n_parallel=2, n_ctx=8192)

    def first(prompt: list[int]) -> float:
        start = time.perf_counter()
        server.handle_completions({"prompt": prompt, "max_tokens": 1, "temperature": 0, "cache_prompt": True})
        return time.perf_counter() - start

    first(prompt_ids(40, 50))
    shared = prompt_ids(1000, 1)
    cold = first([*shared, *prompt_ids(40, 2)])
    same = first([*shared, *prompt_ids(40, 3)])
    first(prompt_ids(1000, 9))
    return {"cold": cold, "same": same, "other": first([*shared, *prompt_ids(40, 4)])}


# 3. rewriting a file


def rewrite_prompt() -> str:
    wish = (
        "Rewrite this file completely with exactly these changes: rename the function `total_value` to `stock_value`, "
        "change the default currency from EUR to USD, and make the report title 'Stock'. Answer with the whole file."
    )
    return (
        f"<|im_start|>system\nYou edit code.<|im_end|>\n<|im_start|>user\n{wish}\n\n```python\n{CODE.read_text()}```<|im_end|>\n"
        "<|im_start|>assistant\n```python\n"
    )


def ours_rewrite(model: str, drafting: str, limit: str) -> dict[str, Any]:
    with our_engine(model) as engine:
        draft = tuple(engine.tokenize(CODE.read_text())) if drafting == "draft" else ()
        run(engine, engine.tokenize(rewrite_prompt())[:-1], 1)
        tokens, first, whole, done = run(engine, engine.tokenize(rewrite_prompt()), int(limit), draft=draft)
    return {"tokens/s": len(tokens) / (whole - first), "tokens": len(tokens), "hash": hash(tuple(tokens)) % 2**31,
            "accepted": done.accepted, "drafted": done.drafted}  # fmt: skip


def server_rewrite(model: str, kind: str, limit: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    server_options = served(model, n_ctx=8192) if kind == "none" else None
    if server_options is None:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path, params.n_ctx, params.n_parallel, params.port, params.verbosity = model, 8192, 1, 0, 0
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = THREADS
        params.speculative.types = [getattr(xllamacpp.common_speculative_type, kind)]
        server_options = xllamacpp.Server(params)
    answer = server_options.handle_completions(
        {"prompt": rewrite_prompt(), "max_tokens": int(limit), "temperature": 0, "cache_prompt": True, **options}
    )
    return {"tokens/s": answer["timings"]["predicted_per_second"], "tokens": answer["usage"]["completion_tokens"]}


# 4. constrained decoding

TOOL = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "content": {"type": "string"},
        "mode": {"enum": ["create", "replace"]},
    },
    "required": ["path", "content", "mode"],
    "additionalProperties": False,
}


def ours_constrained(model: str, kind: str) -> dict[str, float]:
    from demiurgic.engine.protocol import Sampling
    from demiurgic.messages import Tool
    from demiurgic.templates.dialects import Hermes
    from demiurgic.templates.protocol import CallRules, Vocabulary

    with our_engine(model) as engine:
        ends = tuple((token, -1e9) for token in engine.facts.ends)
        tools = (Tool("write_file", "Write a file", TOOL),)
        free = engine.tokenize(
            "<|im_start|>user\nTell a very long story about the sea.<|im_end|>\n<|im_start|>assistant\n"
        )
        grammar = Hermes().grammar(CallRules(tools, "auto"), Vocabulary(engine.facts.markers), None)
        wish: dict[str, Any] = {"sampling": Sampling(bias=ends)}
        if kind == "auto":
            wish["grammar"] = grammar
        run(engine, free, 2, **wish)
        figures = [run(engine, free, 128, **wish) for _ in range(3)]
        return {"ms/token": statistics.median((whole - first) / (len(t) - 1) for t, first, whole, _ in figures) * 1e3}


def ours_call(model: str, kind: str) -> dict[str, float]:
    """A long call under the grammar, and the same tokens written freely."""
    from demiurgic.engine.protocol import Sampling
    from demiurgic.messages import Tool
    from demiurgic.templates.dialects import Hermes
    from demiurgic.templates.protocol import CallRules, Vocabulary

    with our_engine(model) as engine:
        tools = (Tool("write_file", "Write a file", TOOL),)
        ask = "<|im_start|>user\nCall write_file to create fizz.py, a FizzBuzz of 40 lines.<|im_end|>\n<|im_start|>assistant\n"
        prompt = engine.tokenize(ask)
        grammar = Hermes().grammar(CallRules(tools, "required", False), Vocabulary(engine.facts.markers), None)
        run(engine, prompt, 1, grammar=grammar)
        ends = tuple((token, -1e9) for token in engine.facts.ends)
        wish: dict[str, Any] = {"grammar": grammar} if kind == "required" else {"sampling": Sampling(bias=ends)}
        figures = [run(engine, prompt, 100, **wish) for _ in range(3)]
        return {"ms/token": statistics.median((whole - first) / (len(t) - 1) for t, first, whole, _ in figures) * 1e3}


def class_call(model: str, kind: str) -> dict[str, float]:
    from llama_cpp import LlamaGrammar

    llama = class_of(model)
    ask = "<|im_start|>user\nCall write_file to create fizz.py, a FizzBuzz of 40 lines.<|im_end|>\n<|im_start|>assistant\n"
    schema = {"type": "object", "properties": {"name": {"const": "write_file"}, "arguments": TOOL},
              "required": ["name", "arguments"], "additionalProperties": False}  # fmt: skip
    grammar = LlamaGrammar.from_json_schema(json.dumps(schema), verbose=False) if kind == "required" else None
    prompt = llama.tokenize(ask.encode(), add_bos=False, special=True)
    llama.create_completion(prompt, max_tokens=1, grammar=grammar)
    times: list[float] = []
    for _ in llama.create_completion(prompt, max_tokens=100, temperature=0, grammar=grammar, stream=True):
        times.append(time.perf_counter())
    return {"ms/token": (times[-1] - times[0]) / (len(times) - 1) * 1e3}


# 5. cancelling


def ours_cancel(model: str) -> dict[str, float]:
    from demiurgic.engine.protocol import Request

    waits: list[float] = []
    with our_engine(model) as engine:
        for number in range(20):
            generation = engine.generate(Request(tuple(prompt_ids(4000, number)), max_tokens=1))
            time.sleep(0.15 + 0.02 * number)
            start = time.perf_counter()
            generation.cancel()
            for _ in generation:
                pass
            waits.append(time.perf_counter() - start)
    return {"median ms": statistics.median(waits) * 1e3, "max ms": max(waits) * 1e3}


# 6. beside busy neighbours


@contextmanager
def busy(count: int) -> Iterator[None]:
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def ours_contention(model: str, hogs: str) -> dict[str, float]:
    with our_engine(model) as engine:
        wish = no_end(engine)
        run(engine, prompt_ids(32, 1), 4, sampling=wish)
        with busy(int(hogs)):
            tokens, first, whole, _ = run(engine, prompt_ids(32, 1), 160, sampling=wish)
    return {"tokens/s": (len(tokens) - 1) / (whole - first)}


def ours_quiet(model: str) -> dict[str, float]:
    with our_engine(model, threads=1) as engine:
        wish = no_end(engine)
        run(engine, prompt_ids(32, 1), 4, sampling=wish)
        tokens, first, whole, _ = run(engine, prompt_ids(32, 1), 100, sampling=wish)
    return {"tokens/s": (len(tokens) - 1) / (whole - first)}


def class_contention(model: str, hogs: str) -> dict[str, float]:
    llama = class_of(model)
    ends = {llama.token_eos(): -1e9}
    llama.create_completion(prompt_ids(32, 1), max_tokens=4)
    with busy(int(hogs)):
        times = [time.perf_counter() for _ in llama.create_completion(
            prompt_ids(32, 1), max_tokens=100, temperature=0.8, logit_bias=ends, stream=True)]  # fmt: skip
    return {"tokens/s": (len(times) - 1) / (times[-1] - times[0])}


# 7. one request alone


def ours_single(model: str) -> dict[str, float]:
    from demiurgic.engine.protocol import Sampling

    with our_engine(model) as engine:
        greedy = Sampling(bias=tuple((token, -1e9) for token in engine.facts.ends))
        run(engine, prompt_ids(512, 8), 8, sampling=greedy)
        _, reading, _, _ = run(engine, prompt_ids(1024, 1), 1)
        tokens, first, whole, _ = run(engine, prompt_ids(64, 3), 128, sampling=greedy)
    return {"prompt tokens/s": 1024 / reading, "tokens/s": (len(tokens) - 1) / (whole - first)}


def class_single(model: str) -> dict[str, float]:
    llama = class_of(model)
    ends = {llama.token_eos(): -1e9}
    llama.create_completion(prompt_ids(512, 8), max_tokens=8, temperature=0)
    start = time.perf_counter()
    llama.create_completion(prompt_ids(1024, 1), max_tokens=1, temperature=0)
    reading = time.perf_counter() - start
    times = [time.perf_counter() for _ in llama.create_completion(
        prompt_ids(64, 3), max_tokens=128, temperature=0, logit_bias=ends, stream=True)]  # fmt: skip
    return {"prompt tokens/s": 1024 / reading, "tokens/s": (len(times) - 1) / (times[-1] - times[0])}


def main() -> None:
    sides: dict[str, Callable[..., dict[str, Any]]] = {
        name: function for name, function in globals().items() if name.startswith(("ours_", "class_", "server_"))
    }
    print(json.dumps(sides[sys.argv[1]](*sys.argv[2:])))


if __name__ == "__main__":
    main()
