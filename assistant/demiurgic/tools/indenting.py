"""Gives new lines the indentation of the lines that they replace.

A model often writes the right lines with another indentation: none, a level less, spaces for tabs. Where every line
differs from the file's in the same way, that way is known and can be done to the replacement. Where not, nobody knows.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

Indenter: TypeAlias = Callable[[Sequence[str]], list[str] | None]
"""Indents lines, or says with None that they do not fit."""
_Way: TypeAlias = Callable[[str], str | None]
"""What becomes of one line's indentation."""


def indentation(line: str) -> str:
    """The white space that a line begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def indenter(written: Sequence[str], real: Sequence[str]) -> Indenter | None:
    """How lines must be indented that belong with `written`, which stands in the file as `real`."""
    pairs = [(indentation(w), indentation(r)) for w, r in zip(written, real, strict=True) if w.strip()]
    for way in _ways(pairs):
        if all(way(w) == r for w, r in pairs):
            return lambda lines: _each(lines, way)
    # The model left out the first line's indentation and nothing else.
    if len(pairs) > 1 and all(w == r for w, r in pairs[1:]):
        first_written, first_real = pairs[0]
        return lambda lines: _first(lines, first_written, first_real)
    return None


def _ways(pairs: Sequence[tuple[str, str]]) -> list[_Way]:
    ways: list[_Way] = [lambda indent: indent]
    written, real = min(pairs, key=lambda pair: len(pair[0]))
    if real.endswith(written):
        ways.append(_deeper(real[: len(real) - len(written)]))
    if written.endswith(real):
        ways.append(_shallower(written[: len(written) - len(real)]))
    for width in (4, 2, 8, 3):
        ways.append(_retabbed(pairs, width))
        ways.append(_untabbed(pairs, width))
    return ways


def _deeper(more: str) -> _Way:
    return lambda indent: more + indent


def _shallower(less: str) -> _Way:
    return lambda indent: indent.removeprefix(less) if indent.startswith(less) else None


def _retabbed(pairs: Sequence[tuple[str, str]], width: int) -> _Way:
    """Spaces in the model's lines are tabs in the file, so many spaces for each, at some depth more or less."""
    written, real = pairs[0]
    shift = len(real) - len(written) // width
    if any("\t" in w or r.strip("\t") for w, r in pairs):
        return lambda _: None
    return lambda indent: (
        "\t" * (len(indent) // width + shift)
        if set(indent) <= {" "} and len(indent) % width == 0 and len(indent) // width + shift >= 0
        else None
    )


def _untabbed(pairs: Sequence[tuple[str, str]], width: int) -> _Way:
    """The other way round."""
    written, real = pairs[0]
    shift = len(real) - len(written) * width
    if any(" " in w or r.strip(" ") for w, r in pairs):
        return lambda _: None
    return lambda indent: (
        " " * (len(indent) * width + shift) if set(indent) <= {"\t"} and len(indent) * width + shift >= 0 else None
    )


def _each(lines: Sequence[str], way: _Way) -> list[str] | None:
    done: list[str] = []
    for line in lines:
        old = indentation(line)
        new = way(old) if line.strip() else ""
        if new is None:
            return None
        done.append(new + line[len(old) :] if line.strip() else "")
    return done


def _first(lines: Sequence[str], written: str, real: str) -> list[str] | None:
    if not lines or indentation(lines[0]) != written:
        return None
    return [real + lines[0][len(written) :], *lines[1:]]
