"""Make 60 000 empty files."""

from prelude import got

for number in range(60_000):
    open(f"e{number}", "wb").close()
got("60 000 files")
