"""Answers that decline instead of answering."""

import re
from dataclasses import dataclass

from demiurgic_training.rows import Row

_BEGINNING = 300
"""Whoever refuses does it at once; further on the same words are about something else."""

_REFUSALS = re.compile(
    r"\bas an? (?:ai|artificial intelligence|(?:large )?language model)\b"
    r"|\b(?:i'?m|i am) (?:very |so |really )?(?:sorry|afraid),? (?:but )?(?:i|that|this)\b"
    r"|\b(?:i (?:can(?:no|')?t|could ?n[o']t|wo ?n[o']t|am (?:not able|unable)|'m (?:not able|unable))|i'm unable) "
    r"(?:to )?(?:help|assist|answer|provide|comply|fulfill?|do that|complete|generate|create|write|continue|discuss)"
    r"|\bi must decline\b|\bagainst my (?:guidelines|programming)\b"
    r"|作为(?:一个|一名)?(?:ai|人工智能|大?语言模型|智能助手)"
    r"|(?:抱歉|对不起|很遗憾)[，,。!！ ]{0,2}(?:我|作为|这个|该)?.{0,6}(?:无法|不能|不会|没有办法)"
    r"|我(?:无法|不能)(?:回答|提供|协助|帮助|满足|生成)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The last answer begins with a refusal, in English or Chinese."""

    name: str = "refusal"

    def judge(self, row: Row) -> str | None:
        """Why a row is dropped, if it is."""
        found = _REFUSALS.search(row.answer[:_BEGINNING].replace("\u2019", "'"))
        return f"its answer says {found[0]!r}" if found else None
