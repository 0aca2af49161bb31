"""Shares: `anthropic:0.4,openai:0.4,local:0.2`, and who gets which piece of work by them."""

import threading
from collections.abc import Mapping
from typing import Generic, TypeVar

from demiurgic.errors import UserError

T = TypeVar("T")


def parse_shares(text: str, flag: str) -> dict[str, float]:
    """Names and their shares, which add up to one. A name alone, without others, has all. Raises UserError."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) == 1 and not _has_share(parts[0]):
        parts = [f"{parts[0]}:1"]
    shares: dict[str, float] = {}
    for part in parts:
        name, _, share = part.rpartition(":")
        if not name or not _has_share(part):
            raise UserError(f"{flag} has {part!r}, which is no share", f"write NAME:SHARE,...: {flag} a:0.7,b:0.3")
        if name in shares:
            raise UserError(f"{flag} names {name} twice", f"{flag} a:0.7,b:0.3")
        shares[name] = float(share)
    whole = sum(shares.values())
    if not whole:
        raise UserError(f"the shares of {flag} add up to nothing", f"{flag} a:0.7,b:0.3")
    return {name: share / whole for name, share in shares.items() if share}


class Mix(Generic[T]):
    """Gives every piece of work, by its number, to one of several, so that any first pieces are shared as is wished."""

    def __init__(self, shares: Mapping[str, float], choices: Mapping[str, T]) -> None:
        self._shares, self._choices = shares, choices
        self._given: list[tuple[str, int]] = []
        self._counts = dict.fromkeys(shares, 0)
        self._lock = threading.Lock()

    def name(self, number: int) -> str:
        """Whose turn it is: of whoever is furthest behind its share."""
        return self._turn(number)[0]

    def of(self, number: int) -> tuple[T, int]:
        """What belongs to that name, and how many pieces it was given before."""
        name, before = self._turn(number)
        return self._choices[name], before

    def _turn(self, number: int) -> tuple[str, int]:
        with self._lock:
            while len(self._given) <= number:
                done = len(self._given) + 1
                name = max(self._shares, key=lambda name: self._shares[name] * done - self._counts[name])
                self._given.append((name, self._counts[name]))
                self._counts[name] += 1
            return self._given[number]


def _has_share(part: str) -> bool:
    share = part.rpartition(":")[2]
    return share.replace(".", "", 1).isdecimal() and ":" in part
