"""Code within an answer: what stands between fences, and what stands outside of them.

Fences are Markdown's, with one liberty: a block may open at any depth, as models write them into lists.
Lines are kept as they stand.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

_FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})[ \t]*([^\s`]*)[^`\n]*$")
_DEEPEST = 3
"""Blanks before a fence that closes a block, unless the block itself opened deeper: code may hold fences of its own."""
_PYTHON = ("python", "py", "python3")


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two fences. It may lack the second one."""

    language: str
    code: str
    closed: bool

    @property
    def is_python(self) -> bool:
        """Whether it says that it is Python."""
        return self.language.lower() in _PYTHON


@dataclass(frozen=True, slots=True)
class Fenced:
    """A text, taken apart."""

    blocks: tuple[Block, ...]
    prose: str


@lru_cache(maxsize=8)  # one filter after another looks at the same answer
def fenced(text: str) -> Fenced:
    """The blocks of a text, and all else. A block ends with a bare fence of its own kind that is no shorter."""
    blocks: list[Block] = []
    prose: list[str] = []
    open_: _Open | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        found = _FENCE.match(line)
        if open_ is None and found:
            open_ = _Open(found[1], found[2], found[3])
        elif open_ is None:
            prose.append(line)
        elif found and open_.ends_with(found[1], found[2], found[3]):
            blocks.append(open_.block(closed=True))
            open_ = None
        else:
            open_.lines.append(line)
    if open_ is not None:
        blocks.append(open_.block(closed=False))
    return Fenced(tuple(blocks), "\n".join(prose))


@dataclass(frozen=True, slots=True)
class _Open:
    """A block whose end was not met yet."""

    indent: str
    fence: str
    language: str
    lines: list[str] = field(default_factory=list[str])

    def ends_with(self, indent: str, fence: str, language: str) -> bool:
        return fence.startswith(self.fence) and not language and len(indent) <= max(_DEEPEST, len(self.indent))

    def block(self, *, closed: bool) -> Block:
        return Block(self.language, "\n".join(self.lines), closed)


def python_of(answer: str) -> str:
    """The Python in an answer: its blocks that say so, else those that say nothing, else all of it where it has no
    blocks."""
    blocks = fenced(answer).blocks
    chosen = [block for block in blocks if block.is_python] or [block for block in blocks if not block.language]
    return "\n\n".join(block.code for block in chosen) if blocks else answer
