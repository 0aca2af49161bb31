"""What request bodies have in common, whichever API they are of."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from demiurgic.messages import JsonObject, Tool
from demiurgic_server.json_body import strict_json
from demiurgic_server.problems import BadField


class Body(BaseModel):
    """A JSON object with these fields and no others: one that is not supported is named in the error."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Tolerant(BaseModel):
    """A part whose further fields say nothing that would change the answer."""

    model_config = ConfigDict(extra="ignore", strict=True)


Object = dict[str, Any]
NO_ARGUMENTS: JsonObject = {"type": "object", "properties": {}}
Temperature = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Penalty = Annotated[float, Field(ge=-2, le=2, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=10_000_000)]
Seed = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
StopText = Annotated[str, Field(min_length=1, max_length=1000)]


def seed_of(seed: int | None, index: int = 0) -> int | None:
    """The seed of one of several answers, as the engine takes it."""
    return None if seed is None else (seed + index) % 2**32


def stops_of(stop: str | list[str] | None) -> tuple[str, ...]:
    """The stop texts: APIs take one, or several."""
    return (stop,) if isinstance(stop, str) else tuple(stop or ())


def thinks(effort: str | None) -> bool:
    """Whether a model should think first: it can do that or leave it, not more or less of it."""
    return effort not in ("none", "minimal")


def arguments_of(text: str, where: str, field: str) -> JsonObject:
    """The arguments of a call that a client sends back as JSON in a text; an empty one says none. Raises BadField."""
    try:
        arguments = strict_json(text or "{}")
    except ValueError as error:
        raise BadField(field, f"{where}: the arguments are {error}") from error
    if not isinstance(arguments, dict):
        raise BadField(field, f"{where}: the arguments must be a JSON object")
    return arguments  # pyright: ignore[reportUnknownVariableType]


def distinct(tools: Iterable[Tool]) -> list[Tool]:
    """The tools. Raises BadField where a name comes twice."""
    read = list(tools)
    if len({tool.name for tool in read}) < len(read):
        raise BadField("tools", "tools: two of them have the same name")
    return read


def finite(logprob: float) -> float:
    """A log-probability as JSON can say it: it has no infinity."""
    return max(logprob, -9999.0)


def usage_told(prompt: int, written: int, cached: int) -> Object:
    """How many tokens it took, in the shape of OpenAI's completions."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": written,
        "total_tokens": prompt + written,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
