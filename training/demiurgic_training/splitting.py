"""Divides rows for training, validation and testing: the same way each time, and without a leak between them.

Rows that belong together (those of one page, those that ask the same) go to one side together. Within a stratum, such
as a class, each side gets its share as nearly as groups allow; a stratum of few groups fills the first sides first.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from demiurgic.errors import UserError
from demiurgic_training.rows import Pair, Row

NAMES = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Member:
    """What a row has in common with others. Rows that share a key are never split apart."""

    keys: tuple[str, ...]
    stratum: str = ""


def parse_ratio(text: str) -> tuple[int, ...]:
    """Shares such as 8:1:1. Raises UserError."""
    shares = text.split(":")
    if 2 <= len(shares) <= len(NAMES) and all(share.isascii() and share.isdigit() for share in shares):
        ratio = tuple(map(int, shares))
        if ratio[0] and sum(share > 0 for share in ratio) >= 2:
            return ratio
    raise UserError(f"--ratio {text!r} is not two or three shares, the first for training", "--ratio 8:1:1")


def member_of(item: Row | Pair, together: str = "page", stratify: str | None = None) -> Member:
    """By what it says, and by the field `together` of its meta. Classes are what the field `stratify` says."""
    messages = item.messages if isinstance(item, Row) else item.prompt
    own = f"said:{_hash(chr(0).join(message.text for message in messages))}"
    shared = item.meta.get(together)
    stratum = item.meta.get(stratify, "") if stratify else ""
    return Member((own,) if shared in (None, "") else (own, f"{together}:{shared}"), str(stratum))


def divide(members: Sequence[Member], ratio: Sequence[int], seed: int = 0) -> list[int]:
    """The side that each row goes to. Another seed divides otherwise."""
    groups: dict[int, list[int]] = defaultdict(list)
    for number, group in enumerate(_grouped(members)):
        groups[group].append(number)
    strata: dict[str, list[list[int]]] = defaultdict(list)
    for numbers in groups.values():
        strata[members[numbers[0]].stratum].append(numbers)
    sides = [0] * len(members)
    for held in strata.values():
        _deal(sorted(held, key=lambda numbers: _hash(f"{seed}/{_name(members, numbers)}")), ratio, sides)
    return sides


def _name(members: Sequence[Member], numbers: Sequence[int]) -> str:
    """What a group is drawn by: the same whatever order its rows are in."""
    return min(key for number in numbers for key in members[number].keys)


def _deal(groups: Sequence[Sequence[int]], ratio: Sequence[int], sides: list[int]) -> None:
    """Each group goes to the side that lacks most of its share so far."""
    total = sum(map(len, groups))
    wanted = [share * total / sum(ratio) for share in ratio]
    for numbers in groups:
        side = max((at for at in range(len(ratio)) if ratio[at]), key=lambda at: (wanted[at], -at))
        wanted[side] -= len(numbers)
        for number in numbers:
            sides[number] = side


def _grouped(members: Sequence[Member]) -> list[int]:
    """For each row the first row that it belongs together with, be it by way of others."""
    first = list(range(len(members)))

    def root(number: int) -> int:
        while first[number] != number:
            first[number] = first[first[number]]
            number = first[number]
        return number

    seen: dict[Hashable, int] = {}
    for number, member in enumerate(members):
        for key in member.keys:
            one, other = sorted((root(seen.setdefault(key, number)), root(number)))
            first[other] = one
    return [root(number) for number in range(len(members))]


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()
