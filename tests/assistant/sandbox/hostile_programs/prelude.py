"""What hostile programs share. They tell `GOT what` for each thing that they managed to do; one that is kept in tells none."""

import json
import os
import sys
from collections.abc import Callable

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
