"""What an editor sends with a command: a document, a place in it, and words."""

from dataclasses import dataclass

from lsprotocol import types

from demiurgic.errors import UserError
from demiurgic.messages import Json
from demiurgic_lsp.feature import table


@dataclass(frozen=True, slots=True)
class Selection:
    """Lines of a document, and what goes with them. The lines are those of the first and the last letter selected."""

    uri: str
    first: int
    last: int
    words: str = ""
    """The user's instruction, or what is wrong there."""
    show: bool = False
    """Whether the answer is shown in a document of its own, since nobody reads the command's result."""

    def told(self) -> dict[str, Json]:
        """As a command's argument."""
        where = {"start": {"line": self.first, "character": 0}, "end": {"line": self.last + 1, "character": 0}}
        words = {"instruction": self.words} if self.words else {}
        return {"uri": self.uri, "range": where, **words, **({"show": True} if self.show else {})}


def selection_of(told: Json) -> Selection:
    """Read a command's argument. Raises UserError for what is none."""
    said = table(told)
    uri, where = said.get("uri"), said.get("range")
    try:
        start, end = (_line(where, side) for side in ("start", "end"))
        assert isinstance(uri, str)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        example = '{"uri": "file:///…", "range": {"start": {"line": 0, "character": 0}, "end": …}}'
        raise UserError("the command wants a document and a range", f"send {example}") from error
    wrong = said.get("diagnostics")
    found: list[Json] = list(wrong) if isinstance(wrong, list | tuple) else []  # pyright: ignore[reportUnknownArgumentType]
    words = [str(said.get("instruction") or ""), *(_problem(one) for one in found)]
    return Selection(
        uri, start[0], last_line(start[0], *end), "\n".join(word for word in words if word), said.get("show") is True
    )


def last_line(first: int, last: int, character: int) -> int:
    """The last line of a selection: editors select whole lines up to the beginning of the next one."""
    return last - 1 if last > first and character == 0 else last


def problems_in(diagnostics: list[types.Diagnostic]) -> str:
    """What is wrong, in words for a model."""
    return "\n".join(f"Line {one.range.start.line + 1}: {one.message}" for one in diagnostics)


def _problem(told: Json) -> str:
    message = table(told).get("message")
    return f"Line {_line(told['range'], 'start')[0] + 1}: {message}" if isinstance(message, str) else ""


def _line(where: Json, side: str) -> tuple[int, int]:
    place = where[side]
    line, character = place["line"], place["character"]
    if not (type(line) is int and type(character) is int and line >= 0 and character >= 0):
        raise ValueError(place)
    return line, character
