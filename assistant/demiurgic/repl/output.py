"""The terminal as prompt-toolkit writes to it, with one thing more: several writes can be made to arrive as one."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import TextIO

from prompt_toolkit.data_structures import Size
from prompt_toolkit.output.vt100 import Vt100_Output


class SteadyOutput(Vt100_Output):
    """Never asks the terminal where its cursor is, so that no answer can get between what somebody types."""

    def __init__(self, stdout: TextIO, size: "SizeOf", term: str) -> None:
        super().__init__(stdout, size, term=term, enable_cpr=False)
        self._held = False

    @contextmanager
    def held(self) -> Generator[None]:
        """Everything written meanwhile is sent at the end, at once: the eye never sees the half of it."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            self.flush()

    def flush(self) -> None:
        if not self._held:
            super().flush()


class SizeOf:
    """How large a terminal is now."""

    def __init__(self, stdout: TextIO) -> None:
        self._fd = stdout.fileno()

    def __call__(self) -> Size:
        columns, rows = os.get_terminal_size(self._fd)
        return Size(rows=rows or 24, columns=columns or 80)
