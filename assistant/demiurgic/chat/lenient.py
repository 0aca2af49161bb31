"""Reads foreign JSON without trusting its shape: a field that is not what it should be counts as absent."""

from typing import Any, cast

from demiurgic.messages import Json


def json_object(value: Json) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def json_list(value: Json) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def json_text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def json_count(value: Json) -> int:
    return value if isinstance(value, int) else 0
