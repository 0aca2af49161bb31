"""Draws the lower end of the terminal, and finds it again when the window has become narrower.

Most terminals then wrap anew what no longer fits, so what was drawn takes more rows than before and the cursor has
moved down with it. The library knows nothing of that, and would leave the upper rows and draw them again below. While
somebody drags the window nothing is drawn: it would be for a width that the terminal may have no more.
"""

import time
from collections.abc import Callable, Mapping

from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Point
from prompt_toolkit.layout import Layout
from prompt_toolkit.layout.screen import Char
from prompt_toolkit.output import Output
from prompt_toolkit.renderer import Renderer
from prompt_toolkit.styles import BaseStyle

_SETTLED = 0.4
"""Seconds for which a size must hold; tmux tells of one up to a quarter of a second after it has wrapped all lines."""


class SteadyApplication(Application[None]):
    """Leaves to the renderer when a change of size is answered."""

    def _on_resize(self) -> None:
        self.invalidate()


class SteadyRenderer(Renderer):
    """Follows what the terminal does to what was drawn."""

    def __init__(self, style: BaseStyle, output: Output, later: Callable[[], None], *, wraps: bool) -> None:
        """`later` is told that something is to be drawn when the size is steady. `wraps`: whether the terminal wraps
        anew what no longer fits."""
        super().__init__(style, output)
        self._later, self._wraps = later, wraps
        self._size, self._since = output.get_size(), 0.0

    @property
    def steady(self) -> bool:
        """Whether the window has kept its size for a while."""
        now, size = time.monotonic(), self.output.get_size()
        if size != self._size:
            self._size, self._since = size, now
        return now - self._since >= _SETTLED

    def render(self, app: Application[None], layout: Layout, is_done: bool = False) -> None:
        if not self.steady and not is_done:
            self._later()
            return
        if self._last_size not in (None, self.output.get_size()):
            self.erase()
        super().render(app, layout, is_done)

    def erase(self, leave_alternate_screen: bool = True) -> None:
        self._follow()
        super().erase(leave_alternate_screen)

    def _follow(self) -> None:
        """Take the cursor to be where the terminal has taken it since the last drawing."""
        before, drawn, columns = self._last_size, self._last_screen, self.output.get_size().columns
        if self._wraps and before is not None and drawn is not None and columns < before.columns:
            x, y = self._cursor_pos
            above = sum(max(1, -(-_width(drawn.data_buffer[row]) // columns)) for row in range(y))
            self._cursor_pos = Point(x % columns, above + x // columns)


def wraps_anew(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is one of the many that do so. xterm, rxvt, screen and the console cut lines off instead."""
    cuts = ("linux", "rxvt", "screen")
    return "TMUX" in environment or not ("XTERM_VERSION" in environment or environment.get("TERM", "").startswith(cuts))


def _width(row: Mapping[int, Char]) -> int:
    """Cells of a row that were written to."""
    return max((column + cell.width for column, cell in row.items() if cell.char != " "), default=0)
