"""The grammar of a reply that is JSON under a schema."""

from demiurgic.messages import JsonObject
from demiurgic.templates.protocol import Reasoning, Vocabulary


def answer_grammar(schema: JsonObject, vocabulary: Vocabulary, reasoning: Reasoning | None) -> str:
    """A Lark grammar for one whole reply that is JSON under `schema`, after any reasoning."""
    raise NotImplementedError
