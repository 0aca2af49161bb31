"""How the threads of libraries that compute wait for each other."""

import os
from typing import Final

BRIEFLY: Final = {"GOMP_SPINCOUNT": "1000"}
"""Threads that wait for each other give up their core soon. Spinning for long, as is usual, makes two threads many
times slower than one as soon as another program wants a core; not spinning at all makes them no faster than one."""


def wait_briefly() -> None:
    """Let the threads of this process do so, if nobody has said otherwise. It holds for libraries loaded afterwards."""
    for name, value in BRIEFLY.items():
        os.environ.setdefault(name, value)
