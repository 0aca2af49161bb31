"""What is done to a written text before anybody sees it: small filters, each of which knows one fault of models."""

from collections.abc import Callable

from demiurgic_lsp.completion.hole import Hole

Filter = Callable[[str, Hole], str]
_PAIRS = {")": "(", "]": "[", "}": "{"}
_QUOTES = "\"'`"


def trimmed(text: str, hole: Hole) -> str:
    """The text as it fits into the hole. Nothing where nothing of it is worth showing."""
    for one in FILTERS:
        text = one(text, hole)
    return text


def without_fences(text: str, _hole: Hole) -> str:
    """Chat models put code between fences."""
    lines = text.split("\n")
    if lines[0].lstrip().startswith("```"):
        lines = lines[1:]
    for number, line in enumerate(lines):
        if line.strip() == "```":
            return "\n".join(lines[:number])
    return "\n".join(lines)


def without_what_is_closed(text: str, hole: Hole) -> str:
    """Editors have closed a bracket or a quote already, and models close it once more."""
    closing = hole.right.lstrip()[:1]
    if closing and closing in _QUOTES:
        place = text.find(closing)
        return text[:place] if place >= 0 and hole.left.count(closing) % 2 else text
    if closing not in _PAIRS:
        return text
    open_here, quote = 0, ""
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in _QUOTES:
            quote = letter
        elif letter == _PAIRS[closing]:
            open_here += 1
        elif letter == closing:
            if not open_here:
                return text[:place]
            open_here -= 1
    return text


def without_the_rest(text: str, hole: Hole) -> str:
    """Models go on with what stands behind the hole already: the rest of its line, or the lines below."""
    if hole.right.strip():
        rest = hole.right.rstrip()
        length = next((size for size in range(min(len(rest), len(text)), 0, -1) if text.endswith(rest[:size])), 0)
        return text[: len(text) - length]
    lines, below = text.split("\n"), [line.rstrip() for line in hole.below.split("\n") if line.strip()]
    for kept in range(1, len(lines)):
        tail = [line.rstrip() for line in lines[kept:] if line.strip()]
        if tail and tail == below[: len(tail)]:
            return "\n".join(lines[:kept])
    return text


def without_repeating(text: str, hole: Hole) -> str:
    """A line that stands right above or below is no help."""
    said = (hole.left + text).strip()
    above = next((line for line in reversed(hole.above.split("\n")) if line.strip()), "")
    below = next((line for line in hole.below.split("\n") if line.strip()), "")
    return "" if said in (above.strip(), below.strip()) else text


def without_blank_ends(text: str, hole: Hole) -> str:
    """Blanks at the end are invisible; behind a blank, one more at the beginning is too many."""
    if hole.left.endswith(" ") and hole.left.strip() and text.startswith(" "):
        text = text.lstrip(" ")
    return text.rstrip()


FILTERS: tuple[Filter, ...] = (
    without_fences,
    without_what_is_closed,
    without_the_rest,
    without_repeating,
    without_blank_ends,
)
