"""Answers that were cut off by a limit."""

from dataclasses import dataclass

from demiurgic_training.rows import Row

_CUT = ("length", "max_tokens", "model_length", "truncated")


@dataclass(frozen=True, slots=True)
class Truncated:
    """Whoever wrote the answer says that its limit ended it. Learnt, it teaches to stop anywhere."""

    name: str = "truncated"

    def judge(self, row: Row) -> str | None:
        """Why a row is dropped, if it is."""
        return "its answer was cut off at a limit" if row.meta.get("finish") in _CUT else None
