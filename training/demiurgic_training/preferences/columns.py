"""Pairs as a table: the same columns in CSV and in JSON lines.

In JSON lines `prompt`, `chosen` and `rejected` may be lists of messages, where the prompt is a whole conversation; CSV
holds text alone, and takes of such a pair what was said last.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from demiurgic.errors import UserError
from demiurgic.messages import Assistant, Json, Message
from demiurgic.messages_json import write_message
from demiurgic_models.files import write_beside


@dataclass(frozen=True, slots=True)
class Preference:
    """One pair. `confidence` goes from 1 to 10; what tests or the user decided has 10."""

    topic: str
    prompt: str
    chosen: str
    rejected: str
    chosen_model: str = ""
    rejected_model: str = ""
    judgment_reasoning: str = ""
    confidence: int = 10


@dataclass(frozen=True, slots=True)
class Spoken:
    """The messages behind a pair, where its texts do not say all."""

    prompt: Sequence[Message]
    chosen: Assistant
    rejected: Assistant


Line = tuple[Preference, Spoken | None]
COLUMNS = tuple(each.name for each in fields(Preference))
CSV_NAME, JSONL_NAME = "pairs.csv", "pairs.jsonl"


def write_pairs(folder: Path, lines: Sequence[Line]) -> None:
    """Write both files. Raises UserError."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(COLUMNS)
    writer.writerows([getattr(pair, name) for name in COLUMNS] for pair, _ in lines)
    told = "".join(json.dumps(_object(pair, spoken), ensure_ascii=False) + "\n" for pair, spoken in lines)
    try:
        write_beside(folder / CSV_NAME, table.getvalue())
        write_beside(folder / JSONL_NAME, told)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}", "name another --out") from error


def _object(pair: Preference, spoken: Spoken | None) -> dict[str, Json]:
    told: dict[str, Json] = asdict(pair)
    if spoken is not None:
        told["prompt"] = [write_message(message) for message in spoken.prompt]
        told["chosen"], told["rejected"] = [write_message(spoken.chosen)], [write_message(spoken.rejected)]
    return told
