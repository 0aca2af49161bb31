"""A step as training is one: it hears signals, saves after the first, and is gone at the second."""

import sys
import time
from pathlib import Path

from demiurgic_training.tuning.stopping import listening

SAVING = 0.5


def main(file: Path) -> None:
    with listening() as stop:
        stop.patient = True
        file.write_text("begun")
        while not stop.asked:
            time.sleep(0.01)
        time.sleep(SAVING)
        file.write_text("saved")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
