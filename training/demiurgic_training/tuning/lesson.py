"""What one row teaches, as tokens; and a shelf that holds many in little memory."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar, overload

_Packed = tuple[Sequence[int], ...]


class Teaches(Protocol):
    """What lessons have in common."""

    @property
    def length(self) -> int:
        """Tokens that are read at once."""
        ...

    @property
    def read(self) -> int:
        """Tokens that are read in all."""
        ...

    @property
    def taught(self) -> int:
        """Tokens of those that are learned."""
        ...

    def clipped(self, most: int) -> Self:
        """Without its end, where that lies behind so many tokens."""
        ...

    def packed(self) -> _Packed: ...

    @classmethod
    def unpacked(cls, parts: _Packed) -> Self: ...


@dataclass(frozen=True, slots=True)
class Lesson:
    """A conversation, and which of its tokens are learned."""

    tokens: tuple[int, ...]
    learned: tuple[bool, ...]

    @property
    def length(self) -> int:
        """Tokens."""
        return len(self.tokens)

    @property
    def read(self) -> int:
        """All of them are read once."""
        return len(self.tokens)

    @property
    def taught(self) -> int:
        """How many are learned."""
        return sum(self.learned)

    def clipped(self, most: int) -> "Lesson":
        """Its beginning."""
        return Lesson(self.tokens[:most], self.learned[:most])

    def packed(self) -> _Packed:
        """In a tenth of the memory."""
        return array("I", self.tokens), bytes(self.learned)

    @classmethod
    def unpacked(cls, parts: _Packed) -> "Lesson":
        """As it was."""
        tokens, learned = parts
        return cls(tuple(tokens), tuple(map(bool, learned)))


@dataclass(frozen=True, slots=True)
class PairLesson:
    """A prompt and two answers to it, each with the token that ends it."""

    prompt: tuple[int, ...]
    chosen: tuple[int, ...]
    rejected: tuple[int, ...]

    @property
    def length(self) -> int:
        """The prompt with the longer answer."""
        return len(self.prompt) + max(len(self.chosen), len(self.rejected))

    @property
    def read(self) -> int:
        """The prompt is read with each answer."""
        return 2 * len(self.prompt) + self.taught

    @property
    def taught(self) -> int:
        """Both answers are compared."""
        return len(self.chosen) + len(self.rejected)

    def clipped(self, most: int) -> "PairLesson":
        """The beginnings of both answers; of neither, where the prompt is too long or nothing is left of one."""
        room = max(0, most - len(self.prompt))
        if not (room and self.chosen and self.rejected):
            return PairLesson(self.prompt[:most], (), ())
        return PairLesson(self.prompt, self.chosen[:room], self.rejected[:room])

    def packed(self) -> _Packed:
        """In a tenth of the memory."""
        return array("I", self.prompt), array("I", self.chosen), array("I", self.rejected)

    @classmethod
    def unpacked(cls, parts: _Packed) -> "PairLesson":
        """As it was."""
        prompt, chosen, rejected = map(tuple, parts)
        return cls(prompt, chosen, rejected)


T = TypeVar("T", bound=Teaches)


class Shelf(Sequence[T], Generic[T]):
    """Lessons, packed as long as nobody looks at them."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._held: list[_Packed] = []

    def add(self, lesson: T) -> None:
        """One more."""
        self._held.append(lesson.packed())

    def __len__(self) -> int:
        return len(self._held)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> list[T]: ...

    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self._kind.unpacked(parts) for parts in self._held[index]]
        return self._kind.unpacked(self._held[index])
