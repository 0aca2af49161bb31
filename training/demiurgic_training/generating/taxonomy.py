"""Seeds by topic, skill and level, from a file of ours or of the user's."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demiurgic.errors import UserError
from demiurgic_training.generating.seeds import Seed, dice
from demiurgic_training.generating.wording import worded

_SHIPPED = Path(__file__).with_name("taxonomy.toml")


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """Satisfies `Seeds`. Topics are taken in turn, the rest by chance."""

    topics: Sequence[tuple[str, str]]
    skills: Sequence[str]
    levels: Sequence[str]
    run: int = 0

    most = None

    def seed(self, number: int) -> Seed:
        """One topic, one skill, one level."""
        chance = dice("taxonomy", number, self.run)
        order = list(self.topics)
        dice("topics", number // len(order), self.run).shuffle(order)
        topic, part = order[number % len(order)]
        skill, level = chance.choice(self.skills), chance.choice(self.levels)
        words = worded("taxonomy", topic=topic, part=part, skill=skill, level=level, number=chance.randint(2, 40))
        return Seed(f"taxonomy: {topic}, {part}, {skill}", words)


def load_taxonomy(path: Path | None = None, run: int = 0) -> Taxonomy:
    """The taxonomy of a file, or ours. Raises UserError."""
    table = read_toml(path or _SHIPPED)
    try:
        topics = [(str(topic["name"]), str(part)) for topic in table["topic"] for part in topic["parts"]]
        skills, levels = list(map(str, table["skills"])), list(map(str, table["levels"]))
    except (KeyError, TypeError) as error:
        raise UserError(f"{path} is no taxonomy: {error} is missing or wrong", f"see the form of {_SHIPPED}") from error
    if not (topics and skills and levels):
        raise UserError(f"{path} has no topics, skills or levels", f"see the form of {_SHIPPED}")
    return Taxonomy(topics, skills, levels, run)


def read_toml(path: Path) -> dict[str, Any]:
    """A data file of the user's or ours. Raises UserError."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error
