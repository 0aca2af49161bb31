"""What hostile programs share.

They say that they run, so that none is taken for kept in that never began, and `GOT what` for each thing that they
managed to do.
"""

import json
import os
import sys
from collections.abc import Callable

print("RUNS", flush=True)
facts = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}


def got(what: str, value: object = "") -> None:
    sys.stdout.write(f"GOT {what} {str(value)[:300]!a}\n")
    sys.stdout.flush()


def attempt(what: str, action: Callable[[], object]) -> bool:
    """Try something that must be refused."""
    try:
        value = action()
    except Exception as error:
        sys.stdout.write(f"no {what}: {type(error).__name__} {str(error)!a}\n")
        sys.stdout.flush()
        return False
    got(what, value)
    return True


def read(path: str) -> str:
    with open(path, "rb") as file:
        return file.read(4096).decode(errors="replace")


def write(path: str, mode: str = "a") -> None:
    with open(path, mode) as file:
        file.write("# changed from inside\n")


def opens(path: str, flags: int = os.O_WRONLY) -> str:
    """Open and close, without doing any harm."""
    os.close(os.open(path, flags))
    return path


def fill(folder: str, most: int) -> None:
    """Write one file until it is refused more. Half of the most is more than any may hold."""
    written = 0
    try:
        with open(f"{folder}/{facts['token']}", "wb", buffering=0) as file:
            while written < most:
                written += file.write(b"x" * (1 << 20))
    except OSError as error:
        print("no", folder, error)
    if written > most // 2:
        got(f"{written >> 20} MiB in {folder}")
