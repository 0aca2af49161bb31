"""From the text of a field to its value, by the field's own type."""

import math
from enum import StrEnum
from pathlib import Path
from typing import Any

from demiurgic.errors import UserError
from demiurgic_training.tuning.fields import Field
from demiurgic_training.tuning.given import NOTHING, Given
from demiurgic_training.tuning.recipe import Between

_YES, _NO = ("true", "yes", "on"), ("false", "no", "off")


def read_value(field: Field, given: Given, key: str) -> Any:  # noqa: ANN401 - of the field's own type
    """The value that was given. Raises UserError."""
    try:
        if field.many:
            return tuple(_one(field, text) for text in ([given.said] if isinstance(given.said, str) else given.said))
        if not isinstance(given.said, str):
            raise ValueError("a list, where one value is wanted")
        if field.optional and given.said.lower() in NOTHING:
            return None
        return _one(field, given.said)
    except ValueError as error:
        raise UserError(f"{given.where}: {key!r} cannot be {error}", f"{key}: {field.help}") from error


def _one(field: Field, text: str) -> Any:  # noqa: ANN401 - of the field's own type
    """The value that a text means. Raises ValueError, which says what it is instead."""
    if field.kind is bool:
        if text.lower() not in (*_YES, *_NO):
            raise ValueError(f"{text!r}: it is true or false")
        return text.lower() in _YES
    if issubclass(field.kind, StrEnum):
        if text not in list(field.kind):
            raise ValueError(f"{text!r}: it is one of {', '.join(field.kind)}")
        return field.kind(text)
    if field.kind in (int, float):
        return _number(field, text)
    if field.kind is Path:
        if not text:
            raise ValueError("empty")
        return Path(text).expanduser()
    return text


def _number(field: Field, text: str) -> int | float:
    try:
        number = int(text) if field.kind is int else float(text)
    except ValueError:
        raise ValueError(f"{text!r}: it is a {'whole ' if field.kind is int else ''}number") from None
    between = field.between or Between(-math.inf)
    if not between.least <= number <= between.most or math.isinf(number):
        most = "" if math.isinf(between.most) else f" and at most {between.most:,}"
        raise ValueError(f"{text}: it is at least {between.least:g}{most}")
    return number
