"""2,000 tool calls sampled hot from a real model and from random weights: how many are what they should be.

Run as `python -m bench.calls [COUNT [MODEL.gguf]]`. The same without a grammar is printed beside it. A model that is named
stands in for these two.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from support.engines import opened
from support.sampled_calls import sample_calls
from support.schemas import TOOLS
from support.tiny_models import GLM45_TAGS, make_glm

from demiurgic.config import load_settings
from demiurgic.templates.chatml import ChatML
from demiurgic.templates.glm45 import Glm45
from demiurgic.templates.protocol import Vocabulary

_AT_ONCE = 200
"""Calls after which it is told how many were well so far."""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    smollm2 = load_settings(Path.cwd()).models_dir / "SmolLM2-135M-Instruct.Q4_1.gguf"
    with tempfile.TemporaryDirectory() as folder:
        random = make_glm(Path(folder) / "glm45.gguf", tags=GLM45_TAGS)
        models = [("random GLM", random, Glm45), ("smollm2-135m", smollm2, ChatML)]
        if len(sys.argv) > 2:
            models = [("the model", Path(sys.argv[2]), ChatML)]
        for name, path, family in models:
            with opened(path, context=2048, separate=True, kv_type="f16") as engine:
                template = family(Vocabulary(engine.facts.markers))
                for constrained, calls in ((True, count), (False, max(40, count // 20))):
                    outcomes, examples = Counter[str](), list[str]()
                    for first in range(0, calls, _AT_ONCE):
                        numbers = range(first, min(first + _AT_ONCE, calls))
                        tally = sample_calls(engine, template, TOOLS, numbers, constrained=constrained)
                        outcomes += tally.outcomes
                        examples += tally.examples
                        how = "with grammar" if constrained else "without"
                        print(f"{name:<14}{how:<14}{numbers.stop:>6} calls: {dict(outcomes)}", flush=True)
                    if constrained:
                        for example in examples[:5]:
                            print(f"   {example}")


if __name__ == "__main__":
    main()
