"""Objects that are one of several kinds, told apart before they are read.

Where pydantic tries alternatives, its errors name those between the fields. These name fields alone, as clients know
them: `input.0.content`.
"""

from collections.abc import Callable
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError


def told_apart(usual: str = "", **kinds: type[BaseModel]) -> Callable[[object], object]:
    """Reads an object as what its `type` says, `usual` where that is missing."""

    def read(value: object) -> object:
        if not isinstance(value, dict):
            raise PydanticCustomError("object", "it must be an object with a type")
        fields = cast("dict[str, Any]", value)
        kind = fields.get("type") or usual
        if not isinstance(kind, str) or kind not in kinds:
            raise _wrong_type(kind, ", ".join(kinds))
        return kinds[kind].model_validate(fields)

    return read


def _wrong_type(kind: object, known: str) -> ValidationError:
    problem = PydanticCustomError(
        "unknown_type", "{kind} is not supported here; what is: {known}", {"kind": repr(kind)[:100], "known": known}
    )
    return ValidationError.from_exception_data("type", [InitErrorDetails(type=problem, loc=("type",), input=kind)])
