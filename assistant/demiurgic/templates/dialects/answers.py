"""The grammar of a reply that is JSON under a schema."""

from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from demiurgic.errors import BadSchema
from demiurgic.messages import JsonObject
from demiurgic.templates.dialects.enforcing import HINT
from demiurgic.templates.dialects.lark import Lark, validate
from demiurgic.templates.dialects.schemas import narrowed
from demiurgic.templates.protocol import Reasoning, Vocabulary


def answer_grammar(schema: JsonObject, vocabulary: Vocabulary, reasoning: Reasoning | None) -> str:
    """A Lark grammar for one whole reply that is JSON under `schema`, after any reasoning. Raises BadSchema."""
    try:
        Draft202012Validator.check_schema(cast("dict[str, Any]", schema))
    except SchemaError as error:
        raise BadSchema(f"the answer's schema is no valid schema: {error.message}") from error
    lark = Lark(vocabulary, reasoning)
    grammar = lark.finish(lark.json(narrowed(schema)))
    if problem := validate(grammar):
        raise BadSchema(f"the answer's schema cannot be enforced: {problem}", HINT)
    return grammar
