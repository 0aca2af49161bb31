"""What request bodies have in common, whichever API they are of."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """A JSON object with these fields and no others: one that is not supported is named in the error."""

    model_config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=False)


class Tolerant(BaseModel):
    """A part whose further fields say nothing that would change the answer."""

    model_config = ConfigDict(extra="ignore", strict=True)


Object = dict[str, Any]
Temperature = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
Penalty = Annotated[float, Field(ge=-2, le=2, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=10_000_000)]
Seed = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
StopText = Annotated[str, Field(min_length=1, max_length=1000)]


def seed_of(seed: int | None, index: int = 0) -> int | None:
    """The seed of one of several answers, as the engine takes it."""
    return None if seed is None else (seed + index) % 2**32
