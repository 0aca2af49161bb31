"""Finds rows that say the same as an earlier one, exactly or nearly, among more of them than memory could hold.

What is known of rows lies in files. In memory there are some tens of bytes a row, however long rows are. Rows that are
nearly the same share a band of their MinHash almost certainly (99 in 100 where 70 % of their five-word pieces agree,
all but a few in ten thousand where 80 % do); whether they really are is then decided by the whole of it.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from demiurgic_training.signatures import PERMUTATIONS, Signature

ALIKE = 0.7
"""The share of pieces in common from which on two rows count as one."""
_BANDS, _ROWS = 25, 5
_WIDTH = 4 * PERMUTATIONS
_CHUNK = 1 << 14
_Numbers = NDArray[np.int64]


class Kind(IntEnum):
    """What a row is to those before it."""

    NEW = 0
    EXACT = 1
    NEAR = 2


@dataclass(frozen=True, slots=True)
class Found:
    """Of each row, in the order in which they were added, its kind and the row that it repeats."""

    kinds: NDArray[np.uint8]
    of: NDArray[np.int32]

    def __getitem__(self, number: int) -> tuple[Kind, int]:
        return Kind(int(self.kinds[number])), int(self.of[number])


class Duplicates:
    """Takes signatures, then tells what repeats what. The first of several alike is the one that is new."""

    def __init__(self, folder: Path, alike: float | None = ALIKE) -> None:
        """Files go to this folder. Without `alike` only exact repetitions are found."""
        self._alike = alike
        self._exact = (folder / "exact").open("w+b")
        self._near = (folder / "near").open("w+b")
        self._count = 0

    def add(self, signature: Signature) -> None:
        """One more row."""
        self._exact.write(signature.exact)
        self._near.write(signature.near)
        self._count += 1

    def found(self) -> Found:
        """What all rows are to each other."""
        self._exact.flush()
        self._near.flush()
        found = self.nothing()
        self._exact.seek(0)
        for group in _groups(np.fromfile(self._exact, np.uint64)):
            _drop(found, Kind.EXACT, group[1:], int(group[0]))
        if self._alike is not None:
            for band in range(_BANDS):
                self._compare(found, band, self._alike)
        return found

    def nothing(self) -> Found:
        """What would be found if no row repeated another."""
        return Found(np.zeros(self._count, np.uint8), np.full(self._count, -1, np.int32))

    def close(self) -> None:
        """Let go of the files."""
        self._exact.close()
        self._near.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _compare(self, found: Found, band: int, alike: float) -> None:
        """Among rows that share a band, each is new that is unlike all new ones before it."""
        for group in _groups(self._keys(band)):
            left = group[found.kinds[group] == Kind.NEW]
            while len(left) > 1:
                first, others = int(left[0]), left[1:]
                same = self._likeness(first, others) >= alike
                _drop(found, Kind.NEAR, others[same], first)
                left = others[~same]

    def _keys(self, band: int) -> NDArray[np.uint64]:
        """One number of each row for a band; another number means another band."""
        factors = np.random.default_rng(band).integers(0, 1 << 63, _ROWS, np.uint64) * np.uint64(2) + np.uint64(1)
        keys = np.empty(self._count, np.uint64)
        self._near.seek(0)
        for start in range(0, self._count, _CHUNK):
            held = np.fromfile(self._near, np.uint32, _CHUNK * PERMUTATIONS).reshape(-1, PERMUTATIONS)
            part = held[:, band * _ROWS : (band + 1) * _ROWS].astype(np.uint64)
            keys[start : start + len(held)] = (part * factors).sum(axis=1, dtype=np.uint64)
        return keys

    def _likeness(self, first: int, others: _Numbers) -> NDArray[np.float64]:
        one = self._signature(first)
        return np.array([np.count_nonzero(one == self._signature(int(at))) for at in others]) / PERMUTATIONS

    def _signature(self, number: int) -> NDArray[np.uint32]:
        return np.frombuffer(os.pread(self._near.fileno(), _WIDTH, number * _WIDTH), np.uint32)


def _groups(keys: NDArray[np.uint64]) -> Iterator[_Numbers]:
    """The numbers of rows that have a key in common with others, in their order."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    same: NDArray[Any] = np.flatnonzero(ordered[1:] == ordered[:-1])
    del ordered
    if not len(same):
        return
    breaks = np.flatnonzero(np.diff(same) > 1)
    starts = np.concatenate((same[:1], same[breaks + 1]))
    ends = np.concatenate((same[breaks], same[-1:]))
    for start, end in zip(starts, ends, strict=True):
        yield order[start : end + 2]


def _drop(found: Found, kind: Kind, which: _Numbers, of: int) -> None:
    found.kinds[which] = kind
    found.of[which] = of
