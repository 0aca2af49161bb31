"""Makes results fit: whole lines, counted in the model's own tokens, with a word on what was left out."""

from collections.abc import Sequence

from demiurgic.tools.protocol import Budget

_LONGEST_TOKEN = 16
"""Characters that a token stands for at most, on the whole. Longer text is not even counted."""
_LINE = 2000
_NOTE = 40
"""Tokens kept for saying what was left out."""


def fits(text: str, budget: Budget) -> bool:
    """Whether a result may say all of this."""
    return len(text) <= budget.tokens * _LONGEST_TOKEN and budget.count(text) <= budget.tokens


def first_that_fit(lines: Sequence[str], budget: Budget) -> int:
    """How many lines from the beginning fit, with room for a note. At least one, whatever the budget."""
    room = Budget(max(budget.tokens - _NOTE, 1), budget.count)
    low, high = 0, len(lines)
    if fits("\n".join(lines), budget):
        return high
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits("\n".join(lines[:middle]), room) else (low, middle - 1)
    return max(low, min(len(lines), 1))


def last_that_fit(lines: Sequence[str], budget: Budget) -> int:
    """How many lines from the end fit."""
    return first_that_fit(lines[::-1], budget)


def folded(lines: Sequence[str], budget: Budget, hint: str = "") -> list[str]:
    """What fits of the beginning and of the end, and between them how much was left out; the end, where programs say
    what went wrong, gets twice as much. `hint` says how to see the rest."""
    if fits("\n".join(lines), budget):
        return list(lines)
    head = first_that_fit(lines, Budget(budget.tokens // 3, budget.count))
    rest = lines[head:]
    tail = last_that_fit(rest, Budget(budget.tokens * 2 // 3, budget.count))
    left = len(rest) - tail
    gap = [f"[{left} lines left out{hint and f'; {hint}'}]"] if left else []
    return [*lines[:head], *gap, *rest[left:]]


def shortened(line: str, limit: int = _LINE) -> str:
    """A line that is not too long for anybody."""
    return line if len(line) <= limit else f"{line[:limit]} [{len(line) - limit} more characters in this line]"


def numbered(lines: Sequence[str], first: int = 1) -> list[str]:
    """Lines as the model sees them in a file: number, tab, text."""
    return [f"{number}\t{shortened(line)}" for number, line in enumerate(lines, first)]
