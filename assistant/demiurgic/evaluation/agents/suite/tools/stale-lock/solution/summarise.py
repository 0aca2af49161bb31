"""Writes how many lines and words the notes have."""

import pathlib
import sys

LOCK = pathlib.Path("data/.busy")


def main():
    if LOCK.exists():
        sys.exit("another program is at work; try again later")
    LOCK.touch()
    try:
        text = pathlib.Path("data/notes.txt").read_text()
        pathlib.Path("summary.txt").write_text(f"{len(text.splitlines())} lines, {len(text.split())} words\n")
    finally:
        LOCK.unlink()


if __name__ == "__main__":
    main()
