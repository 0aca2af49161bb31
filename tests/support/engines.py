"""Short ways of asking an engine."""

from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

from demiurgic.engine.llama import LlamaEngine
from demiurgic.engine.options import EngineOptions
from demiurgic.engine.protocol import Done, Engine, Generation, Piece, Request


@contextmanager
def opened(path: Path, **options):
    engine = LlamaEngine(path, EngineOptions(**{"context": 2048, "kv_type": "f32", **options}))
    try:
        yield engine
    finally:
        engine.close()


def follow(generation: Generation) -> tuple[str, list[int], Done]:
    text, tokens = "", []
    for event in generation:
        if isinstance(event, Piece):
            text += event.text
            tokens += event.tokens
        elif isinstance(event, Done):
            return text, tokens, event
    raise AssertionError("no Done")


def ask(engine: Engine, prompt: str | Sequence[int], **wishes) -> tuple[str, list[int], Done]:
    tokens = engine.tokenize(prompt) if isinstance(prompt, str) else prompt
    return follow(engine.generate(Request(tuple(tokens), **{"max_tokens": 24, **wishes})))
