"""Code that says that it is still to be written."""

import re
from dataclasses import dataclass

from demiurgic.fences import fenced
from demiurgic_training.rows import Row

_PLACEHOLDER = re.compile(
    r"(?-i:\b(?:TODO|FIXME|NotImplemented|NotImplementedError)\b)"
    r"|\b(?:your|my|add|insert|implement|rest of)(?: the| your)? (?:code|logic|implementation) (?:goes )?here\b"
    r"|\bimplementation (?:goes )?here\b|#[^\n]*\bplaceholder\b"
    r"|\.\.\. ?(?:rest|remaining|existing|other) |# ?\.\.\.\s*$"
    r"|在(?:这里|此处)(?:编写|添加|实现)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Placeholder:
    """The last answer's code leaves a part to its reader."""

    name: str = "placeholder"

    def judge(self, row: Row) -> str | None:
        """Why a row is dropped, if it is."""
        for block in fenced(row.answer).blocks:
            if found := _PLACEHOLDER.search(block.code):
                return f"its code says {found[0].strip()!r}"
        return None
