"""What programs print, as it stands in a terminal in the end: progress bars and counters are written over themselves.

Only the return to the beginning of a line is followed, and the erasing that goes with it. What else a terminal would
obey is left as it is.
"""

import re

_ERASE = re.compile(r"\x1b\[[02]?K")


def settled(text: str) -> str:
    """The text with each line as it was in the end."""
    return "\n".join(map(_last_state, text.split("\n"))) if "\r" in text else text


def settled_so_far(line: str) -> str:
    """The same for a line that may go on: no longer than it must be, and what follows is written over the same part."""
    before, over, latest = line.rpartition("\r")
    return _last_state(before) + over + latest


def _last_state(line: str) -> str:
    """What is written over a line hides as much of it as it is long."""
    shown = ""
    for piece in line.split("\r"):
        kept = _ERASE.sub("", piece)
        shown = kept if kept != piece else kept + shown[len(kept) :]
    return shown
