"""What a checkpoint said, kept in a folder for the processes that ask files the same. They need no torch for that."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

ANSWERED = 48
"""Tokens of each greedy answer."""
_JSON, _SCORES = "reference.json", "scores.npz"

Scores: TypeAlias = NDArray[np.float32]
Facts: TypeAlias = dict[str, int | float | bool | str]
"""Fields of a header, without the architecture before their names."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A text, its tokens with names of special tokens meant, and as letters alone."""

    text: str
    meant: list[int]
    letters: list[int]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a file made of the checkpoint must say."""

    architecture: str
    family: str
    """What the runtime takes it for."""
    facts: Facts
    chat_template: str | None
    ends: list[int]
    beginning: int | None
    prompts: list[list[int]]
    answers: list[list[int]]
    held_out: list[list[int]]
    cuts: list[Cut]

    @property
    def context(self) -> int:
        """Tokens that the longest of its texts has."""
        return max(map(len, [*self.sequences, *self.held_out]))

    @property
    def sequences(self) -> list[list[int]]:
        """Each prompt with its answer."""
        return [[*prompt, *answer] for prompt, answer in zip(self.prompts, self.answers, strict=True)]


@dataclass(frozen=True, slots=True)
class Heard:
    """The scores behind each token of the answered prompts and of the held-out texts."""

    answered: list[Scores]
    held_out: list[Scores]


def write_reference(reference: Reference, arrays: Mapping[str, Scores], folder: Path) -> None:
    """Keep it. The arrays are named `answered_N` and `held_out_N`, by the number of the text."""
    (folder / _JSON).write_text(json.dumps(asdict(reference)), "utf-8")
    held: Any = dict(arrays)
    np.savez(folder / _SCORES, allow_pickle=False, **held)


def read_reference(folder: Path) -> tuple[Reference, Heard]:
    """What was written down."""
    held: dict[str, Any] = json.loads((folder / _JSON).read_text("utf-8"))
    held["cuts"] = [Cut(**cut) for cut in held["cuts"]]
    reference = Reference(**held)
    with np.load(folder / _SCORES, allow_pickle=False) as arrays:
        answered = [arrays[f"answered_{number}"] for number in range(len(reference.prompts))]
        held_out = [arrays[f"held_out_{number}"] for number in range(len(reference.held_out))]
    return reference, Heard(answered, held_out)
