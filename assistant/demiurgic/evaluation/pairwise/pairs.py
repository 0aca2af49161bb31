"""Pairs of answers to be judged: `{"prompt": ..., "a": ..., "b": ...}`, one a line, with an `id` if any."""

from dataclasses import dataclass
from pathlib import Path

from demiurgic.errors import BadEvaluationFile
from demiurgic.evaluation.problems import read_rows

_TEXTS = ("prompt", "a", "b")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one prompt."""

    id: str
    prompt: str
    a: str
    b: str


def load_pairs(path: Path) -> list[Pair]:
    """The pairs of a file; one without an id is called by its line. Raises BadEvaluationFile, which names the line."""
    pairs: dict[str, Pair] = {}
    for number, row in read_rows(path):
        missing = [name for name in _TEXTS if not isinstance(row.get(name), str)]
        if missing:
            raise BadEvaluationFile(f"{path}, line {number}: a pair needs the text {missing[0]!r}")
        pair = Pair(str(row.get("id", number)), *(str(row[name]) for name in _TEXTS))
        if pair.id in pairs:
            raise BadEvaluationFile(f"{path}, line {number}: the pair {pair.id!r} was there before")
        pairs[pair.id] = pair
    if not pairs:
        raise BadEvaluationFile(f"{path} holds no pairs")
    return list(pairs.values())
