from dataclasses import dataclass


@dataclass(frozen=True)
class Point:
    """A place on the plane."""

    x: float
    y: float
