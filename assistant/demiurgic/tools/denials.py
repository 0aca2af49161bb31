"""Recognises in a program's last words that the sandbox stood in its way, so that a model need not guess.

These are guesses from what programs commonly say. Only what the sandbox really enforced is ever named.
"""

import re

from demiurgic.sandbox.protocol import Guard, Result

_SIGNS = (
    (
        Guard.NETWORK,
        "the sandbox has no network",
        r"network is unreachable|could not resolve|failed to connect|couldn't connect|enetunreach|eai_again"
        r"|temporary failure in name resolution|name or service not known|failed to establish a new connection"
        r"|(urlopen|socket|connect).*operation not permitted|socket.*\n.*operation not permitted",
    ),
    (
        Guard.FILES,
        "in the sandbox only the project can be written, and not .git: committing is for the user to do",
        r"read-only file system|permission denied|erofs|eacces",
    ),
    (Guard.SYSCALLS, "the sandbox forbids some system calls", r"operation not permitted|eperm"),
    (
        Guard.PROCESSES,
        "the sandbox limits how many processes there are",
        r"resource temporarily unavailable|can't start new thread",
    ),
    (Guard.MEMORY, "the sandbox limits memory", r"memoryerror|cannot allocate memory|bad_alloc"),
    (Guard.DISK_TOTAL, "the sandbox limits disk space", r"no space left on device|disk quota exceeded"),
    (Guard.FILE_SIZE, "the sandbox limits the size of files", r"file too large"),
)
_LAST_WORDS = 4000


def forbidden(result: Result) -> str:
    """What the sandbox forbids and the program seems to have met; empty if nothing is known."""
    output = "\n".join(captured.text()[-_LAST_WORDS:].lower() for captured in (result.stdout, result.stderr))
    met = (why for guard, why, signs in _SIGNS if guard in result.enforced and re.search(signs, output))
    return next(met, "")
