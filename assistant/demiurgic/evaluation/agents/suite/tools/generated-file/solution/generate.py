"""Writes greetings.py from words.txt."""

import os
import pathlib

HEAD = "# Written by generate.py from words.txt. Do not edit.\n"
TAIL = """

def greet(language):
    return WORDS[language]
"""


def main():
    lines = pathlib.Path("words.txt").read_text().splitlines()
    words = dict(line.split() for line in lines)
    target = pathlib.Path("greetings.py")
    if target.exists():
        os.chmod(target, 0o644)
    target.write_text(f"{HEAD}\nWORDS = {words!r}\n{TAIL}")
    os.chmod(target, 0o444)


if __name__ == "__main__":
    main()
