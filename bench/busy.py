"""Neighbours that never rest."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# They end with whoever started them, however that ends.
_HOG = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(10_000))"


@contextmanager
def busy(count: int) -> Iterator[None]:
    hogs = [subprocess.Popen([sys.executable, "-c", _HOG]) for _ in range(count)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
