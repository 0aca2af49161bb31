"""What the user preferred of ghost text: at one place one text was taken and another was not, or only a beginning was.

A text that was taken or refused where nothing else was ever offered makes no pair; it is told apart, as one example
with a label.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from demiurgic.messages import Json
from demiurgic_training.files import BadLine, read_as
from demiurgic_training.preferences.columns import Line, Preference
from demiurgic_training.preferences.scrubbing import Scrubber

_HOLE = "<HOLE>"
_ASKED = f"Write what belongs at {_HOLE}, and nothing else."
_TAKEN = "the user took the one text and refused the other at the same place"
_BEGINNING = "the user took only the beginning of the text"


@dataclass(frozen=True, slots=True)
class Offered:
    """A text that was offered, where, and what became of it."""

    language: str
    above: str
    left: str
    right: str
    below: str
    text: str
    verdict: str
    length: int

    @property
    def place(self) -> tuple[str, ...]:
        """Where it was offered."""
        return self.language, self.above, self.left, self.right, self.below

    @property
    def taken(self) -> str:
        """What of it stayed."""
        return {"accepted": self.text, "partial": self.text[: self.length]}.get(self.verdict, "")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text, and whether it was wanted."""

    prompt: str
    completion: str
    label: bool


def read_offers(folder: Path) -> Iterator[Offered | BadLine]:
    """What the language server kept."""
    for file in sorted(folder.glob("*.jsonl")):
        yield from read_as(file, _offered)


def ghost_pairs(offers: list[Offered], scrubber: Scrubber) -> tuple[list[Line], list[Labelled]]:
    """The pairs, and what makes none."""
    places: dict[tuple[str, ...], list[Offered]] = {}
    for offer in offers:
        places.setdefault(offer.place, []).append(offer)
    lines: list[Line] = []
    alone: list[Labelled] = []
    for there in places.values():
        pairs = dict.fromkeys(_pairs(there))
        lines += [_line(there[0], pair, scrubber) for pair in pairs]
        if not pairs:
            alone += [_labelled(offer, scrubber) for offer in there]
    return lines, alone


def _pairs(there: list[Offered]) -> Iterator[tuple[str, str, str]]:
    """Chosen, rejected, and why, of what was offered at one place."""
    for offer in there:
        if offer.verdict == "partial" and offer.taken.strip():
            yield offer.taken, offer.text, _BEGINNING
    refused = [offer.text for offer in there if offer.verdict == "rejected"]
    for offer in there:
        if offer.taken.strip():
            yield from ((offer.taken, text, _TAKEN) for text in refused if text != offer.taken)


def _line(at: Offered, pair: tuple[str, str, str], scrubber: Scrubber) -> Line:
    chosen, rejected, why = pair
    cleaned = scrubber.text(chosen), scrubber.text(rejected)
    return Preference(f"ghost text, {at.language}", _prompt(at, scrubber), *cleaned, judgment_reasoning=why), None


def _labelled(offer: Offered, scrubber: Scrubber) -> Labelled:
    return Labelled(_prompt(offer, scrubber), scrubber.text(offer.taken or offer.text), bool(offer.taken))


def _prompt(at: Offered, scrubber: Scrubber) -> str:
    code = scrubber.text(f"{at.above}{at.left}{_HOLE}{at.right}{at.below}")
    return f"{_ASKED}\n\n```{at.language}\n{code}\n```"


def _offered(held: Mapping[str, Json]) -> Offered:
    """One line. Raises ValueError."""
    names = ("language", "above", "left", "right", "below", "text", "verdict")
    if missing := [name for name in names if not isinstance(held.get(name), str)]:
        raise ValueError(f"{missing[0]!r} is no text")
    texts = {name: str(held[name]) for name in names}
    if texts["verdict"] not in ("accepted", "rejected", "partial"):
        raise ValueError(f"the verdict {texts['verdict']!r} is none of accepted, rejected, partial")
    length = held.get("length", 0)
    if type(length) is not int or length < 0:
        raise ValueError(f"'length' is {length!r}, which is no number of letters")
    return Offered(**texts, length=length)
