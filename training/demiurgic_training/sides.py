"""The files that divided rows go to: one a side, all of them or none."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from demiurgic.errors import UserError
from demiurgic_training.files import Item, writing
from demiurgic_training.splitting import NAMES


def write_sides(folder: Path, items: Iterable[tuple[Item, int]], ratio: Sequence[int]) -> dict[str, int]:
    """Write each item to the file of its side. Returns how many each file holds. Raises UserError."""
    names = [name for name, share in zip(NAMES, ratio, strict=False) if share]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror}", "name another --out") from error
    counts = dict.fromkeys(names, 0)
    with ExitStack() as opened:
        write = {name: opened.enter_context(writing(folder / f"{name}.jsonl")) for name in names}
        for item, side in items:
            write[NAMES[side]](item)
            counts[NAMES[side]] += 1
    return counts
