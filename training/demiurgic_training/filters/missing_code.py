"""Answers without the code that was asked for."""

import re
from dataclasses import dataclass

from demiurgic.fences import fenced
from demiurgic_training.rows import Row

_ASKED = re.compile(
    r"\b(?:write|implement|create|complete|finish|code|program|fix|refactor|rewrite|define)\b[^.?!\n]{0,60}?"
    r"\b(?:function|class|method|program|script|code|module|decorator|generator|query|regex|implementation)s?\b"
    r"|(?:编写|实现|写)(?:一个|一段)?.{0,20}(?:函数|代码|程序|脚本|类)",
    re.IGNORECASE,
)
_BARE = re.compile(r"^(?:async def|def|class|import|from|#include|function|public|SELECT)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class MissingCode:
    """The question asks for code, or tests wait for some, and the last answer has neither a block nor bare code."""

    name: str = "no_code"

    def judge(self, row: Row) -> str | None:
        """Why a row is dropped, if it is."""
        if not row.meta.get("tests") and not _ASKED.search(row.question):
            return None
        if row.tools or fenced(row.answer).blocks or _BARE.search(row.answer):
            return None
        return "code was asked for, and its answer has none"
