"""Keeps what a model is measured with out of what it learns from: HumanEval, and any other file.

A row is dropped where it holds so much of a problem's words or of its code that it cannot be chance, or one of its
functions with names and all. Layout, comments and names do not matter to the first two, comments and layout not to the
third. A problem that is told in other words and solved in another way is not found: nothing but a reader finds that.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from demiurgic.chat.lenient import json_list, json_object
from demiurgic.errors import UserError
from demiurgic.evaluation.problems import load_problems
from demiurgic.messages import Json
from demiurgic_training.files import BadLine, read_as
from demiurgic_training.fingerprints import prints_of, prints_of_reference, telling_pieces
from demiurgic_training.rows import Row

_WORDS, _TOKENS = 6, 10
"""How long the pieces are that texts are compared by."""
_BEGINNING = 3
_FEWEST_WORDS = 4
_FEWEST_PIECES = 5
"""Code with fewer pieces is too short to be known by anything but its names."""
_SHARE = 0.5
"""How much of a problem a row must hold to be called the same."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Something that must not be learnt."""

    name: str
    text: str


class _Index:
    """Pieces, and which references they are of. A reference may be there in several spellings."""

    def __init__(self, length: int, fewest: int) -> None:
        self._length, self._fewest = length, fewest
        self._holders: dict[str, list[int]] = defaultdict(list)
        self._beginnings: set[tuple[str, ...]] = set()
        """Of all pieces: most of a row begins with none of them, and is not looked at any further."""
        self._known: list[tuple[str, float]] = []
        """Of each spelling the reference's name, and how many pieces are enough."""

    def add(self, name: str, row: Sequence[str]) -> None:
        found = telling_pieces(row, self._length)
        if len(found) < self._fewest:
            return
        for piece in found:
            self._beginnings.add(piece[:_BEGINNING])
            self._holders[" ".join(piece)].append(len(self._known))
        self._known.append((name, _SHARE * len(found)))

    def most_alike(self, row: Sequence[str]) -> str | None:
        """The reference of which the row holds most, if that is enough."""
        counts = Counter[int]()
        for piece in self._common(row):
            counts.update(self._holders[piece])
        enough = {at: count / self._known[at][1] for at, count in counts.items() if count >= self._known[at][1]}
        return self._known[max(enough, key=lambda at: (enough[at], -at))][0] if enough else None

    def _common(self, row: Sequence[str]) -> set[str]:
        heads = zip(*(row[skipped:] for skipped in range(_BEGINNING)), strict=False)
        starts = [start for start, head in enumerate(heads) if head in self._beginnings]
        return {" ".join(row[start : start + self._length]) for start in starts} & self._holders.keys()


class Decontamination:
    """Satisfies `Filter`."""

    name = "contaminated"

    def __init__(self, references: Iterable[Reference]) -> None:
        self._prose = {length: _Index(length, 1) for length in range(_FEWEST_WORDS, _WORDS + 1)}
        self._code = _Index(_TOKENS, _FEWEST_PIECES)
        self._functions: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for reference in references:
            self._add(reference)

    def judge(self, row: Row) -> str | None:
        """Which reference a row holds, if any."""
        found = self.find("\n".join(message.text for message in row.messages))
        return f"holds {found}" if found else None

    def find(self, text: str) -> str | None:
        """The reference that a text holds, if any."""
        prints = prints_of(text)
        for index in (self._code, *self._prose.values()):
            if found := index.most_alike(prints.code if index is self._code else prints.prose):
                return found
        return next(filter(None, map(self._known, prints.functions)), None)

    def _known(self, function: str) -> str | None:
        name = function.split(maxsplit=1)[0]
        return next((held for known, held in self._functions.get(name, ()) if function.startswith(known)), None)

    def _add(self, reference: Reference) -> None:
        prints, unmasked = prints_of_reference(reference.text)
        for said in {prints.prose, unmasked}:
            length = min(_WORDS, len(said))
            if length in self._prose:
                self._prose[length].add(reference.name, said)
        self._code.add(reference.name, prints.code)
        for function in prints.functions:
            self._functions[function.split(maxsplit=1)[0]].append((function, reference.name))


def human_eval() -> Iterator[Reference]:
    """HumanEval's problems, each with its solution."""
    for problem in load_problems().values():
        yield Reference(problem.task_id, problem.prompt + problem.canonical_solution)


def references_in(path: Path) -> Iterator[Reference]:
    """What a file holds: of JSON lines all text of each, of any other file all of it. Raises UserError."""
    if ".jsonl" in path.suffixes or path.suffix == ".json":
        for number, held in enumerate(read_as(path, dict), 1):
            if isinstance(held, BadLine):
                raise UserError(str(held), "what cannot be read cannot be kept out: mend the file")
            yield Reference(f"{path.name}:{number}", "\n\n".join(_texts(held)))
        return
    try:
        yield Reference(path.name, path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for held in (*json_object(value).values(), *json_list(value)):
        yield from _texts(held)
