"""Whether what a server sends is what an SDK's types say: nothing missing, nothing of another kind, nothing besides."""

from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter


def strictly(kind: Any, value: object, besides: Collection[str] = ()) -> Any:
    """The value as the SDK's type. Only the fields named in `besides` may be more than that knows."""
    read = _adapter(kind).validate_python(value, strict=True)
    assert set(_unknown(read)) <= set(besides)
    return read


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Making one takes a second where a type has many alternatives."""
    return TypeAdapter(kind)


def _unknown(value: object) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from value.model_extra or ()
        value = [getattr(value, name) for name in type(value).model_fields]
    if isinstance(value, list):
        for part in value:
            yield from _unknown(part)
