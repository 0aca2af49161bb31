"""What a user sets in the editor, under `demiurgic`."""

import difflib
from dataclasses import dataclass, fields, replace

from demiurgic.messages import Json
from demiurgic_lsp.feature import table


@dataclass(frozen=True, slots=True)
class Wishes:
    """All of it. In the editor's settings a name may stand in a table of its own: `inline.debounce`."""

    model: str = ""
    """Whatever `--model` takes; empty: what the server was started with."""
    ghost_text: bool = True
    debounce: int = 0
    """Milliseconds of rest after a key before the model begins."""
    longest: int = 160
    """Tokens of ghost text at most."""
    ahead: bool = True
    """Whether the next ghost text is worked out while the present one is read."""
    neighbours: bool = True
    """Whether the model is shown parts of other open files."""
    hover: bool = False
    """Whether hovering asks the model; otherwise it shows the explanations that are there already."""
    journal: bool = True
    """Whether accepted and rejected ghost texts are noted on this machine. They are never sent."""


_PLACES = {
    "model": ("model",),
    "ghost_text": ("inline", "enabled"),
    "debounce": ("inline", "debounce"),
    "longest": ("inline", "longest"),
    "ahead": ("inline", "ahead"),
    "neighbours": ("context", "ring"),
    "hover": ("hover",),
    "journal": ("telemetry",),
}
_RANGES = {"debounce": (0, 5000), "longest": (8, 1024)}
_ALIKE = 0.7


def wishes_of(told: Json, before: Wishes = Wishes()) -> tuple[Wishes, tuple[str, ...]]:
    """What an editor's settings say, and what is wrong with them. What they do not say, or wrongly, stays."""
    if told is None:
        return before, ()
    said = dict(_flat(told))
    wishes, wrong = before, list[str]()
    for field in fields(Wishes):
        place, usual = _PLACES[field.name], getattr(before, field.name)
        value = said.pop(place, None)
        if value is None:
            continue
        if problem := _problem(field.name, value, usual):
            wrong.append(f"demiurgic.{'.'.join(place)} {problem}; it stays {usual!r}")
        else:
            wishes = replace(wishes, **{field.name: value})
    wrong += [_unknown(place) for place in said]
    return wishes, tuple(wrong)


def _problem(name: str, value: Json, usual: Json) -> str:
    if type(value) is not type(usual):
        return f"must be {_KINDS[type(usual)]}, not {value!r}"
    low, high = _RANGES.get(name, (0, 0))
    return f"must lie between {low} and {high}, not at {value}" if high and not low <= value <= high else ""


_KINDS = {bool: "true or false", int: "a whole number", str: "a text"}


def _flat(told: Json, above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Json]]:
    """Each value with its place. Tables may come as such, and as names with dots in them."""
    if not isinstance(told, dict):
        return [(above, told)] if above else []
    found: list[tuple[tuple[str, ...], Json]] = []
    for name, value in table(told).items():
        found += _flat(value, (*above, *str(name).split(".")))
    return found


def _unknown(place: tuple[str, ...]) -> str:
    name = ".".join(place)
    near = difflib.get_close_matches(name, [".".join(known) for known in _PLACES.values()], 1, _ALIKE)
    return f"there is no setting demiurgic.{name}" + (f"; did you mean demiurgic.{near[0]}?" if near else "")
