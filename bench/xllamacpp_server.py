"""xllamacpp's server, driven within its own process, as a peer."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import xllamacpp

from bench.figures import Figures, answer
from bench.tasks import prompt_ids, rewrite_prompt


def opened(model: str, parallel: int = 1, speculative: str = "") -> xllamacpp.Server:
    params: Any = xllamacpp.CommonParams()
    params.model.path = model
    params.n_ctx, params.n_parallel, params.port, params.verbosity = 8192, parallel, 0, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = os.cpu_count()
    if speculative:
        params.speculative.types = [getattr(xllamacpp.common_speculative_type, speculative)]
    return xllamacpp.Server(params)


def batching(model: str, count: int, length: int) -> Figures:
    server = opened(model, parallel=count)
    ask = {"max_tokens": length, "temperature": 0.8, "ignore_eos": True, "cache_prompt": False}
    server.handle_completions({"prompt": prompt_ids(16, 999), **ask, "max_tokens": 4})
    start = time.perf_counter()
    with ThreadPoolExecutor(count) as pool:
        answers = list(
            pool.map(lambda s: server.handle_completions({"prompt": prompt_ids(16, s), **ask}), range(count))
        )
    written = sum(one["usage"]["completion_tokens"] for one in answers)
    return {"whole": written / (time.perf_counter() - start)}


def prefix(model: str) -> Figures:
    server = opened(model, parallel=2)

    def first(prompt: list[int]) -> float:
        start = time.perf_counter()
        server.handle_completions({"prompt": prompt, "max_tokens": 1, "temperature": 0, "cache_prompt": True})
        return (time.perf_counter() - start) * 1e3

    first(prompt_ids(40, 50))
    shared = prompt_ids(1000, 1)
    cold = first([*shared, *prompt_ids(40, 2)])
    same = first([*shared, *prompt_ids(40, 3)])
    first(prompt_ids(1000, 9))
    return {"cold": cold, "same": same, "other": first([*shared, *prompt_ids(40, 4)])}


def rewrite(model: str, limit: int) -> Figures:
    """With the kind of drafts that was fastest in trials."""
    server = opened(model, speculative="COMMON_SPECULATIVE_TYPE_NGRAM_MOD")
    ask = {"prompt": rewrite_prompt(), "max_tokens": limit, "temperature": 0, "cache_prompt": True}
    return {"drafted": server.handle_completions(ask)["timings"]["predicted_per_second"]}


if __name__ == "__main__":
    answer(batching, prefix, rewrite)
