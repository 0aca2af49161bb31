"""JSON that somebody else wrote, as far as an answer of ours can carry it."""

import json
from typing import Any, cast

_DEEPEST = 100


def parsed(text: bytes | str) -> Any:  # noqa: ANN401 - whatever it holds
    """What JSON says. Halves of surrogate pairs become question marks: no answer could be sent with them. Raises
    ValueError for what is no JSON, or too deep to be shown."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if _deeper(value, _DEEPEST):
        raise ValueError("nested too deeply")
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def as_object(text: bytes | str) -> dict[str, Any]:
    """The same for what is of use as an object only: empty for all else."""
    try:
        value = parsed(text)
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _deeper(value: object, left: int) -> bool:
    inner: Any = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return left == 0 or any(_deeper(each, left - 1) for each in inner)
