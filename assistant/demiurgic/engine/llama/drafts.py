"""Guessing the next tokens from a text that the output repeats, such as the file being rewritten.

A guess changes speed only: every guessed token is verified by the model. Evaluating several tokens at once pays on
a CPU only for long runs, so guesses are long, start at a match of several tokens, and stop for a while
after they failed.
"""

from collections.abc import Sequence

_MATCH = 3
_SHORT = 23
_PATIENCE = 12


class Drafter:
    """One output's place in the text that it repeats."""

    def __init__(self, source: Sequence[int], longest: int) -> None:
        self._source = list(source)
        self._longest = longest
        self._length = longest
        self._needed = _MATCH
        self._cursor = 0
        self._places: dict[tuple[int, ...], list[int]] = {}
        for end in range(_MATCH, len(self._source)):
            self._places.setdefault(tuple(self._source[end - _MATCH : end]), []).append(end)

    def guess(self, output: Sequence[int]) -> list[int]:
        """The tokens that may follow this output; often none."""
        place = self._find(output)
        if place is None:
            return []
        self._cursor = place
        return self._source[place : place + self._length]

    def learn(self, guessed: int, accepted: int) -> None:
        """What became of the last guess."""
        if accepted == guessed:
            self._length, self._needed = self._longest, _MATCH
        elif accepted * 3 < guessed:
            # A wrong guess costs as much as several tokens: ask for better evidence before the next.
            self._length = min(_SHORT, self._longest)
            self._needed = min(2 * self._needed, _PATIENCE)
        else:
            self._needed = _MATCH
        self._cursor += accepted

    def _find(self, output: Sequence[int]) -> int | None:
        """The best continuation: nearest behind where the output last followed the text."""
        places = self._places.get(tuple(output[-_MATCH:]), ())
        fitting = [place for place in places if self._agrees(output, place)]
        ahead = [place for place in fitting if place >= self._cursor]
        return min(ahead) if ahead else max(fitting, default=None)

    def _agrees(self, output: Sequence[int], place: int) -> bool:
        length = min(self._needed, place)
        return list(output[-length:]) == self._source[place - length : place]
