"""The `pattern` of a JSON Schema as an expression of a Lark grammar.

A pattern may match anywhere in a string, and its anchors say where; an expression matches the whole. Anchors are
understood at the ends of the pattern and of its outermost alternatives.
"""

from demiurgic.errors import BadSchema


def pattern_expression(pattern: str) -> str:
    """An expression for all strings in which `pattern` is found. Raises BadSchema."""
    wholes = [_whole(part, pattern) for part in _alternatives(_pieces(pattern))]
    return "/(" + "|".join(wholes) + ")/"


def _pieces(pattern: str) -> list[str]:
    """The pattern cut into characters, escapes and character classes."""
    pieces: list[str] = []
    at = 0
    while at < len(pattern):
        end = at + 1
        if pattern[at] == "\\":
            end = at + 2
        elif pattern[at] == "[":
            end = _class_end(pattern, at)
        if end > len(pattern):
            raise _unfit(pattern)
        pieces.append(pattern[at:end])
        at = end
    return pieces


def _class_end(pattern: str, at: int) -> int:
    end = at + 1
    while end < len(pattern) and (pattern[end] != "]" or end == at + 1):
        end += 2 if pattern[end] == "\\" else 1
    return end + 1


def _alternatives(pieces: list[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    depth = 0
    for piece in pieces:
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "|" and depth == 0:
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts


def _whole(part: list[str], pattern: str) -> str:
    starts, ends = part[:1] == ["^"], part[-1:] == ["$"]
    inner = part[1 if starts else 0 : len(part) - 1 if ends else None]
    if "^" in inner or "$" in inner:
        raise _unfit(pattern)
    body = "".join(_slashed(piece) for piece in inner)
    return f"{'' if starts else '(?s:.*)'}({body}){'' if ends else '(?s:.*)'}"


def _slashed(piece: str) -> str:
    """A piece that neither ends the expression nor breaks its line."""
    if piece.startswith("\\") and piece[1] in "/\n\r":
        piece = piece[1]
    return piece.replace("/", "\\x2f").replace("\n", "\\n").replace("\r", "\\r")


def _unfit(pattern: str) -> BadSchema:
    return BadSchema(f"`pattern` {pattern!r} cannot be enforced", "anchor it only at its very ends, or leave it out")
