"""Seeds from earlier tasks: each is made into another one, in a way that is taken from a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demiurgic.errors import UserError
from demiurgic_training.generating.listed import Listed
from demiurgic_training.generating.seeds import Seed, dice
from demiurgic_training.generating.taxonomy import read_toml
from demiurgic_training.generating.wording import worded

_SHIPPED = Path(__file__).with_name("evolutions.toml")


@dataclass(frozen=True, slots=True)
class Evolving:
    """Satisfies `Seeds`. Tasks are taken in turn, the way by chance."""

    earlier: Listed
    ways: Sequence[str]
    run: int = 0

    most = None

    def seed(self, number: int) -> Seed:
        """An earlier task and what shall become of it."""
        task = self.earlier.tasks[number % len(self.earlier.tasks)]
        way = dice("way", number, self.run).choice(self.ways)
        where = f"{self.earlier.file.name}:{number % len(self.earlier.tasks) + 1}"
        return Seed(f"evolved from {where}", worded("evolution", task=task.prompt, way=way))


def load_evolving(earlier: Listed, ways: Path | None = None, run: int = 0) -> Evolving:
    """Earlier tasks with the ways of a file, or ours. Raises UserError."""
    told = read_toml(ways or _SHIPPED).get("ways")
    if not isinstance(told, list) or not told:
        raise UserError(f"{ways} has no list of `ways`", f"see the form of {_SHIPPED}")
    return Evolving(earlier, [str(way) for way in told], run)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
