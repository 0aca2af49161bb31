"""What JSON of a client's must be before anything is built of it: such as can be written down again.

Python reads more than that: NaN, numbers without end, halves of letters, and nesting so deep that whatever walks
through it falls.
"""

import json
from typing import Any, cast

from demiurgic_server.problems import Refused

_DEEPEST = 100
_TOO_DEEP = f"nested more than {_DEEPEST} levels deep"


def check_json(body: bytes) -> None:
    """Raises Refused where it is not."""
    try:
        strict_json(body)
    except ValueError as error:
        raise Refused(400, f"the body is {error}") from error


def strict_json(data: bytes | str) -> Any:  # noqa: ANN401 - any JSON
    """What it says. Raises ValueError, which goes on after `it is`, and tells no word of the data."""
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        value = json.loads(text, parse_constant=_refused, parse_float=_finite)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    except ValueError as error:
        raise ValueError(f"no JSON: {_reason(error)}") from error
    _check_depth(value)
    return value


def _reason(error: ValueError) -> str:
    """What is wrong, without a word of the body."""
    match error:
        case json.JSONDecodeError():
            return str(error)
        case UnicodeDecodeError():
            return f"its byte {error.start} is no UTF-8"
        case UnicodeEncodeError():
            return "it holds half a surrogate pair"
        case _:
            return "it holds a number that is not finite or has thousands of digits"


def _refused(name: str) -> float:
    raise ValueError(name)


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(digits)
    return value


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(_DEEPEST + 1):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise ValueError(_TOO_DEEP)


def _children(item: object) -> list[Any]:
    """The lists and objects in it."""
    if isinstance(item, dict):
        items = list(cast("dict[str, Any]", item).values())
    else:
        items = cast("list[Any]", item) if isinstance(item, list) else []
    return [child for child in items if isinstance(child, dict | list)]
