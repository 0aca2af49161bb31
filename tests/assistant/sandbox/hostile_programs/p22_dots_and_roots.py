"""Climb out by dots, by /proc/self/root and by /proc/self/cwd."""

from prelude import attempt, facts, read, write

key = f"{facts['home']}/.ssh/id_rsa"
for way in ("../" * 12, "/proc/self/root/", "/proc/self/cwd/" + "../" * 12, "/proc/thread-self/root/"):
    attempt(f"read by {way}", lambda way=way: read(way + key))
    attempt(f"write by {way}", lambda way=way: write(f"{way}{facts['home']}/.bashrc"))
