"""A step of a scripted loop: does so many pieces of work, each once, however often it is started."""

import sys
import time
from pathlib import Path

PIECE = 0.02


def main(file: Path, count: int) -> None:
    done = len(file.read_text().split()) if file.exists() else 0
    for number in range(done, count):
        time.sleep(PIECE)
        with file.open("a") as open_file:
            open_file.write(f"{number}\n")
    sys.stdout.write(f"{count} pieces\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
