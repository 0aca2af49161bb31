"""How a side answers: `python -m bench.SIDE QUESTION MODEL [NUMBER …]` prints its figures as one line of JSON."""

import json
import sys
from collections.abc import Callable
from typing import TypeAlias

Figures: TypeAlias = dict[str, float]


def answer(*questions: Callable[..., Figures]) -> None:
    """Answer the question that the command line names."""
    known = {question.__name__: question for question in questions}
    name, model, *numbers = sys.argv[1:]
    print(json.dumps(known[name](model, *map(int, numbers))))
