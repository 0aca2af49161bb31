"""Write a file that is larger than any may be; make one that only claims to be."""

import os

from prelude import attempt, facts


def grow() -> int:
    written = 0
    with open("big", "wb", buffering=0) as file:
        while written < 2 * facts["file_size"]:
            written += file.write(b"x" * (1 << 20))
    return written


attempt("a big file", grow)
attempt("a sparse file of 1 TiB", lambda: os.truncate("big", 1 << 40))
