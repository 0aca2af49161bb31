"""What completions and embeddings are asked about: texts or token ids, one of them or several.

Texts are anybody's: names of special tokens in them are only letters. Token ids are taken as they are.
"""

from typing import Annotated, LiteralString, TypeAlias

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

Input: TypeAlias = str | list[int]
Inputs: TypeAlias = str | list[str] | list[int] | list[list[int]]


def saying(message: LiteralString) -> WrapValidator:
    """What a field must be, said once where each of its alternatives would say why it is not that one."""

    def check(value: object, inner: ValidatorFunctionWrapHandler) -> object:
        try:
            return inner(value)
        except ValidationError as error:
            raise PydanticCustomError("wrong_kind", message) from error

    return WrapValidator(check)


_SEVERAL = Field(min_length=1, max_length=2048, fail_fast=True)
_Tokens = Annotated[list[Annotated[int, Field(ge=0, lt=2**31)]], Field(min_length=1, fail_fast=True)]
InputField = Annotated[
    str | Annotated[list[str], _SEVERAL] | _Tokens | Annotated[list[_Tokens], _SEVERAL],
    saying("it must be a text, or token ids, or a list of 1 to 2048 of one of these"),
]


def inputs_of(given: Inputs) -> list[Input]:
    """All of them, also where there is one."""
    if isinstance(given, str):
        return [given]
    texts = [text for text in given if isinstance(text, str)]
    lists = [tokens for tokens in given if isinstance(tokens, list)]
    return [*texts, *lists] or [[token for token in given if isinstance(token, int)]]
