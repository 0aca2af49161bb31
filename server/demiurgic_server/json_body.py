"""What a JSON body must be before anything is built of it: JSON that can be written down again.

Python reads more than that: NaN, numbers without end, halves of letters, and nesting so deep that whatever walks
through it falls.
"""

import json
from typing import Any, cast

from demiurgic_server.problems import Refused

_DEEPEST = 100
_TOO_DEEP = f"the body is nested more than {_DEEPEST} levels deep"


def check_json(body: bytes) -> None:
    """Raises Refused where it is not."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refused, parse_float=_finite)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise Refused(400, _TOO_DEEP) from error
    except ValueError as error:
        raise Refused(400, f"the body is no JSON: {_reason(error)}") from error
    _check_depth(value)


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
    raise Refused(400, _TOO_DEEP)


def _children(item: object) -> list[Any]:
    """The lists and objects in it."""
    if isinstance(item, dict):
        items = list(cast("dict[str, Any]", item).values())
    else:
        items = cast("list[Any]", item) if isinstance(item, list) else []
    return [child for child in items if isinstance(child, dict | list)]
