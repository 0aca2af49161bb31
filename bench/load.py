"""64 clients for minutes: is every answer the one that is given alone, does memory stay flat, are all places free again?

Run as `python -m bench.load [SECONDS [MODEL]]`. With quantised weights a few answers differ, since a batch's shape changes
the last bits: the default is a model of random 32-bit weights.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.load import load
from support.serving import served
from support.tiny_models import make_glm


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 300.0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model = Path(sys.argv[2]) if len(sys.argv) > 2 else make_glm(folder / "random.gguf")
        with served(folder, model, "--ctx", 512, "--parallel", 8, "--queue", 16) as server:
            tally = load(server, clients=64, seconds=seconds)
            time.sleep(2)
            places = server.figure("running") + server.figure("waiting")
            code = server.stop()
    print(
        f"answers {dict(tally.statuses)}; wrong: {len(tally.wrong)}; places taken at the end: {places:.0f}; exit {code}"
    )
    quarter = max(1, len(tally.memory) // 4)
    early, late = max(tally.memory[:quarter]), max(tally.memory[-quarter:])
    print(f"memory: at most {early / 1024:.0f} MB in the first quarter, {late / 1024:.0f} MB in the last")
    for line in tally.wrong[:5]:
        print(f"   {line}")


if __name__ == "__main__":
    main()
