"""Calls sampled hot through the whole stack. Random weights want nothing in particular and try everything.

`python -m bench.calls` samples thousands.
"""

from pathlib import Path

import pytest
from support.engines import opened
from support.sampled_calls import sample_calls
from support.schemas import TOOLS

from demiurgic.templates.chatml import ChatML
from demiurgic.templates.glm4 import Glm4
from demiurgic.templates.glm45 import Glm45, Glm47
from demiurgic.templates.protocol import Vocabulary


@pytest.mark.slow
@pytest.mark.parametrize(("family", "model"), [(Glm4, "tiny_glm4"), (Glm45, "tiny_glm45"), (Glm47, "tiny_glm45")])
def test_random_weights_make_only_valid_calls(family, model: str, request: pytest.FixtureRequest):
    with opened(request.getfixturevalue(model), context=8192) as engine:
        tally = sample_calls(engine, family(Vocabulary(engine.facts.markers)), TOOLS, range(80))
    assert set(tally.outcomes) <= {"valid", "cut off"}, tally.examples[:5]
    assert tally.outcomes["valid"] > 60


@pytest.mark.slow
def test_a_real_model_makes_only_valid_calls(smollm2: Path):
    with opened(smollm2, context=8192, kv_type="f16") as engine:
        tally = sample_calls(engine, ChatML(Vocabulary(engine.facts.markers)), TOOLS, range(24))
    assert set(tally.outcomes) <= {"valid", "cut off"}, tally.examples[:5]
    assert tally.outcomes["valid"] > 18
