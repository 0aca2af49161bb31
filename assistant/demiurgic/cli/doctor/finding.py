"""One thing that the doctor looked at, and how other programs are asked about it."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Without what is `needed` the program cannot do its work; the rest is good to have."""

    what: str
    fine: bool
    says: str
    mend: str = ""
    """A command to paste."""
    advice: str = ""
    """What to do where no command does it."""
    needed: bool = False
    of: str = ""
    """What it is a part of."""


def said_by(command: Sequence[str], seconds: float = 10) -> str | None:
    """What a program answers; None if it fails, hangs or cannot be started."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=seconds)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else None
