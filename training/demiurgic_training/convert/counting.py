"""What a table of intents came to: how many of each class went where, and what is odd about it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from demiurgic_training.convert.intents import Seen
from demiurgic_training.rows import Row
from demiurgic_training.splitting import NAMES


def counted(rows: Sequence[Row], sides: Sequence[int], labels: Sequence[str], seen: Seen) -> Iterator[Table | Text]:
    """The counts, then what a person should look at."""
    counts = Counter((row.meta["label"], side) for row, side in zip(rows, sides, strict=True))
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("label")
    for name in ("rows", *NAMES):
        table.add_column(name, justify="right")
    for label in labels:
        each = [counts[label, side] for side in range(len(NAMES))]
        table.add_row(Text(label), str(sum(each)), *map(str, each))
    yield table
    yield from _oddities(rows, labels, seen)


def _oddities(rows: Sequence[Row], labels: Sequence[str], seen: Seen) -> Iterator[Text]:
    there = {row.meta["label"] for row in rows}
    if lacking := [label for label in labels if label not in there]:
        yield Text(f"labels without a row: {', '.join(lacking)}", "yellow")
    if seen.unknown:
        named = ", ".join(f"{label!r} {count}" for label, count in seen.unknown.most_common())
        yield Text(f"labels that are none of the file's: {named}", "yellow")
    if seen.contradictory:
        yield Text(f"texts that stand there under several labels: {seen.contradictory}", "yellow")
