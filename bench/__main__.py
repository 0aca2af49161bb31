"""`python -m bench [NAME …]`: ask all questions, or those named."""

import argparse
from pathlib import Path

from bench.harness import Bench
from bench.questions import QUESTIONS
from demiurgic.config import load_settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(QUESTIONS)}")
    parser.add_argument(
        "--models", type=Path, default=load_settings(Path.cwd()).models_dir, help="folder of the model files"
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often the sides take turns")
    options = parser.parse_args()
    bench = Bench(options.models, options.rounds)
    print(f"{'':<58}{'ours':>9}{'peer':>9} {'':<6}{'ratio':>8} {'target':<8}")
    for name in options.names or QUESTIONS:
        QUESTIONS[name](bench)
    bench.save()


if __name__ == "__main__":
    main()
