"""A place in a document where something is missing, and how much around it a model is shown."""

from dataclasses import dataclass, replace

_ABOVE, _BELOW = 96, 16
"""Lines around the place that are shown at most."""
_STEP = 32
"""The first line that is shown moves by so many at once: what a model has read of the text stays of use meanwhile."""
_LONGEST = 8000
"""Characters above that are shown at most, for texts whose lines have no end."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A line, its two halves around the place, and the lines around it. Line ends are `\\n` alone."""

    path: str
    above: str
    left: str
    right: str
    below: str

    @property
    def before(self) -> str:
        """All text before the place."""
        return self.above + self.left

    @property
    def behind(self) -> str:
        """All text behind it."""
        return self.right + self.below

    @property
    def at_line_end(self) -> bool:
        """Whether nothing follows on the line but what editors close by themselves."""
        return not self.right.strip().strip(")]}>\"'`;:,")


def hole_at(path: str, text: str, offset: int) -> Hole:
    """The place before this character of a text, whatever its lines end with."""
    before, behind = (part.replace("\r\n", "\n").replace("\r", "\n") for part in (text[:offset], text[offset:]))
    if text[offset - 1 : offset + 1] == "\r\n":  # no editor stands there, but a client may say so
        before = before.removesuffix("\n")
    start, end = before.rfind("\n") + 1, behind.find("\n")
    end = len(behind) if end < 0 else end
    return Hole(path, before[:start], before[start:], behind[:end], behind[end:])


def typed_since(then: str, now: str) -> str | None:
    """What was typed from one text before the cursor to another; None where something else has changed, too."""
    return now[len(then) :] if now.startswith(then) else None


def accepted(hole: Hole, text: str) -> Hole:
    """The place behind a text that was put into a hole."""
    lines = (hole.left + text).split("\n")
    return replace(hole, above=hole.above + "".join(f"{line}\n" for line in lines[:-1]), left=lines[-1])


def shown(hole: Hole) -> Hole:
    """As much of the text around the place as a model is shown."""
    lines = hole.above.splitlines(keepends=True)
    first = -(-max(0, len(lines) - _ABOVE) // _STEP) * _STEP
    above = "".join(lines[first:])
    cut = -(-max(0, len(above) - _LONGEST) // (_LONGEST // 4)) * (_LONGEST // 4)
    below = "".join(hole.below.splitlines(keepends=True)[: _BELOW + 1])
    return replace(hole, above=above[cut:], below=below[:_LONGEST], right=hole.right[:_LONGEST])
