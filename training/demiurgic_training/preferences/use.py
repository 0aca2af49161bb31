"""Pairs from what the user did: sessions with the agent, and ghost text in the editor. Made only when asked for."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from demiurgic.errors import UserError
from demiurgic_models.files import write_beside
from demiurgic_training.files import BadLine
from demiurgic_training.preferences.columns import Line
from demiurgic_training.preferences.ghost import Labelled, Offered, ghost_pairs, read_offers
from demiurgic_training.preferences.scrubbing import Scrubber
from demiurgic_training.preferences.sessions import Unreadable, session_pairs

LABELLED = "labelled.jsonl"


@dataclass(frozen=True, slots=True)
class Used:
    """What was found."""

    pairs: Sequence[Line]
    labelled: Sequence[Labelled]
    counts: Counter[str]
    unreadable: Sequence[str]


def pairs_from_use(state_dir: Path, scrubber: Scrubber) -> Used:
    """All of it, without secrets."""
    offers = list(read_offers(state_dir / "ghost"))
    ghost, labelled = ghost_pairs([offer for offer in offers if isinstance(offer, Offered)], scrubber)
    found = list(session_pairs(state_dir, scrubber))
    if not offers and not any(state_dir.glob("projects/*/sessions/*.jsonl")):
        raise UserError(f"there are no sessions and no ghost text in {state_dir}", "use demiurgic for a while first")
    sessions = [line for line in found if not isinstance(line, Unreadable)]
    counts = Counter({"of sessions": len(sessions), "of ghost text": len(ghost), "labelled": len(labelled)})
    unreadable = [f"{each.file}: {each.reason}" for each in found if isinstance(each, Unreadable)]
    unreadable += [str(each) for each in offers if isinstance(each, BadLine)]
    counts["unreadable"] = len(unreadable)
    return Used([*sessions, *ghost], labelled, counts, unreadable)


def write_labelled(folder: Path, labelled: Sequence[Labelled]) -> None:
    """One a line: a prompt, a text, and whether it was wanted."""
    write_beside(folder / LABELLED, "".join(json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in labelled))
