"""llama-cpp-python's own high-level class as a peer, with its defaults on all cores."""

import json
import os
import statistics
import time
from itertools import pairwise
from typing import Any

from llama_cpp import Llama, LlamaGrammar, LlamaRAMCache

from bench.busy import busy
from bench.figures import Figures, answer
from bench.tasks import CALLING, WRITE_FILE, prompt_ids, turns
from demiurgic.agent.prompt import profile


def opened(model: str) -> Llama:
    cores = os.cpu_count()
    return Llama(model, n_ctx=8192, n_threads=cores, n_threads_batch=cores, verbose=False)


def stamps(llama: Llama, prompt: list[int], count: int, **wishes: Any) -> list[float]:
    """When each token came."""
    stream = llama.create_completion(prompt, max_tokens=count, stream=True, **wishes)
    return [time.perf_counter() for _ in stream]


def gap(times: list[float]) -> float:
    """Milliseconds from one token to the next, the median."""
    return statistics.median(after - before for before, after in pairwise(times)) * 1e3


def rate(times: list[float]) -> float:
    return (len(times) - 1) / (times[-1] - times[0])


def endless(llama: Llama) -> dict[str, float]:
    return {"logit_bias": {llama.token_eos(): -1e9}}


def single(model: str) -> Figures:
    llama = opened(model)
    stamps(llama, prompt_ids(512, 8), 8, temperature=0)
    start = time.perf_counter()
    reading = stamps(llama, prompt_ids(1024, 1), 1, temperature=0)[0] - start
    return {
        "prompt": 1024 / reading,
        "decode": rate(stamps(llama, prompt_ids(64, 3), 128, temperature=0, **endless(llama))),
    }


def batching(model: str, count: int, length: int) -> Figures:
    """One after the other: it knows no other way."""
    llama = opened(model)
    stamps(llama, prompt_ids(16, 999), 4)
    start, seen = time.perf_counter(), []
    for seed in range(count):
        seen.append(stamps(llama, prompt_ids(16, seed), length, temperature=0.8, **endless(llama)))
    decoding = sum(times[-1] - times[0] for times in seen)
    return {
        "decode": sum(len(times) - 1 for times in seen) / decoding,
        "whole": sum(map(len, seen)) / (time.perf_counter() - start),
    }


def prefix(model: str, cached: int) -> Figures:
    llama = opened(model)
    if cached:
        llama.set_cache(LlamaRAMCache(2 << 30))

    def first(prompt: list[int]) -> float:
        start = time.perf_counter()
        return (stamps(llama, prompt, 1, temperature=0)[0] - start) * 1e3

    first(prompt_ids(40, 50))
    shared = prompt_ids(1000, 1)
    cold = first([*shared, *prompt_ids(40, 2)])
    same = first([*shared, *prompt_ids(40, 3)])
    first(prompt_ids(1000, 9))
    return {"cold": cold, "same": same, "other": first([*shared, *prompt_ids(40, 4)])}


def constrained(model: str) -> Figures:
    """Milliseconds a token, with its GBNF grammar of one call and freely."""
    llama = opened(model)
    schema = {
        "type": "object",
        "properties": {"name": {"const": "write_file"}, "arguments": WRITE_FILE},
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }
    grammar = LlamaGrammar.from_json_schema(json.dumps(schema), verbose=False)
    prompt = llama.tokenize(CALLING.encode(), add_bos=False, special=True)
    stamps(llama, prompt, 1)
    free = stamps(llama, prompt, 80, temperature=0, **endless(llama))
    return {"free call": gap(free), "call": gap(stamps(llama, prompt, 80, temperature=0, grammar=grammar))}


def beside(model: str, hogs: int) -> Figures:
    llama = opened(model)
    stamps(llama, prompt_ids(32, 1), 4)
    with busy(hogs):
        return {"decode": rate(stamps(llama, prompt_ids(32, 1), 96, temperature=0.8, **endless(llama)))}


def session(model: str, count: int) -> Figures:
    """The same session through its chat API."""
    llama = opened(model)
    messages: list[Any] = [{"role": "system", "content": profile(0).system}]
    waits: list[float] = []
    for said in turns(count):
        messages.append({"role": "user", "content": said})
        start, first, text = time.perf_counter(), 0.0, ""
        for part in llama.create_chat_completion(messages, max_tokens=48, temperature=0, stream=True):
            if word := part["choices"][0]["delta"].get("content"):
                first = first or time.perf_counter() - start
                text += word
        messages.append({"role": "assistant", "content": text})
        waits.append(first * 1e3)
    return {"first": statistics.median(waits[1:])}


if __name__ == "__main__":
    answer(single, batching, prefix, constrained, beside, session)
