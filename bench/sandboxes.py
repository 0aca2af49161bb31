"""Python programs a second: bare, in each local sandbox, and in a kernel that stays."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.figures import Figures, answer
from demiurgic.sandbox.bubblewrap import BubblewrapSandbox
from demiurgic.sandbox.landlock import LandlockSandbox
from demiurgic.sandbox.process import ProcessSandbox
from demiurgic.sandbox.protocol import Command, Policy, Status
from demiurgic.sandbox.toolchain import own_interpreter

KINDS = {"bubblewrap": BubblewrapSandbox, "landlock": LandlockSandbox, "process": ProcessSandbox}
SECONDS = 4.0


def rate(work: Callable[[], None]) -> float:
    """How often a second it can be done, one after the other."""
    work()
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < SECONDS:
        work()
        count += 1
    return count / (time.perf_counter() - start)


def programs(_model: str) -> Figures:
    command = (sys.executable, "-I", "-c", "pass")
    seen = {"bare": rate(lambda: subprocess.run(command, check=True))}
    with tempfile.TemporaryDirectory() as folder:
        policy = Policy(Path(folder), readable=own_interpreter())
        for name, kind in KINDS.items():
            sandbox = kind(policy)

            def once(run=sandbox.run) -> None:
                assert run(Command(("python3", "-I", "-c", "pass"))).status is Status.OK

            seen[name] = rate(once)
            if name == "bubblewrap":
                kernel = sandbox.kernel()
                seen["kernel"] = rate(lambda kernel=kernel: kernel.cell("1"))
                kernel.close()
            sandbox.close()
    return seen


if __name__ == "__main__":
    answer(programs)
