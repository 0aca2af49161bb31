"""The answers of commands that are lists: columns that keep together in any width."""

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from demiurgic.repl.ink import line
from demiurgic.repl.items import Rows
from demiurgic.workspace.shown import visible_name


def rows(item: Rows) -> list[RenderableType]:
    """A title, and columns of which the last one gives way."""
    table = Table.grid(padding=(0, 2, 0, 0))
    columns = max((len(row) for row in item.rows), default=1)
    for number in range(columns):
        last = number == columns - 1
        table.add_column(style="" if last else "cyan", no_wrap=not last, overflow="fold" if last else "ellipsis")
    for row in item.rows:
        table.add_row(*(Text(visible_name(cell)) for cell in row))
    return [*([line(item.title, "bold")] if item.title else []), table]
