"""Which tools a model gets, and what they cost it in its own tokens."""

import pytest
from support.engines import opened

from demiurgic.messages import System, User
from demiurgic.templates.detect import ModelTraits, detect
from demiurgic.templates.dialects.schemas import arguments_schema
from demiurgic.templates.protocol import Vocabulary
from demiurgic.tools.fetch import FetchTool
from demiurgic.tools.sets import tool_set

HALF, ONE_AND_A_HALF, THREE, NINE = 500_000_000, 1_500_000_000, 3_000_000_000, 9_000_000_000
TALK = [System("You help."), User("Hello.")]


@pytest.fixture(scope="module")
def tokens_of(qwen):
    """What a set of tools adds to the prompt, as the model's own template and vocabulary have it."""
    with opened(qwen) as engine:
        facts = engine.facts
        template = detect(ModelTraits(facts.template, facts.architecture, facts.name, Vocabulary(facts.markers)))

        def rendered(tools):
            return len(engine.tokenize("".join(segment.text for segment in template.render(TALK, tools))))

        bare = rendered([])
        yield lambda tools: rendered([tool.spec for tool in tools]) - bare


@pytest.mark.parametrize(
    ("parameters", "most"), [(HALF, 600), (ONE_AND_A_HALF, 600), (THREE, 600), (NINE, 1200), (None, 1200)]
)
def test_tools_cost_no_more_than_they_may(tokens_of, parameters, most):
    assert 200 < tokens_of(tool_set(parameters)) <= most


@pytest.mark.parametrize("parameters", [HALF, ONE_AND_A_HALF, THREE, NINE, None])
def test_every_set_can_read_change_search_and_run(parameters):
    names = [tool.spec.name for tool in tool_set(parameters)]
    assert len(set(names)) == len(names)
    assert {"read", "write", "search", "shell"} <= set(names)
    assert {"edit", "rewrite"} & set(names)
    assert "fetch" not in names


def test_small_models_get_few_tools():
    assert len(tool_set(HALF)) <= len(tool_set(ONE_AND_A_HALF)) <= len(tool_set(THREE)) <= 6 < len(tool_set(NINE))


def test_every_schema_can_be_enforced_and_closes_its_arguments():
    for tool in (*tool_set(HALF), *tool_set(THREE), *tool_set(NINE), FetchTool()):
        schema = arguments_schema(tool.spec)
        assert schema["additionalProperties"] is False
        assert list(schema["properties"])[: len(schema["required"])] == schema["required"], (
            "what must be said comes first"
        )
        assert "\n" not in tool.spec.description
