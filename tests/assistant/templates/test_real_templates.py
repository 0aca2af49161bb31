"""Our rendering against the templates and tokenizers of real model files."""

from pathlib import Path

import pytest
from support.conversations import PLAIN, TOOLS, WITH_TOOLS
from support.engines import opened

from demiurgic.messages import Assistant
from demiurgic.templates.detect import ModelTraits, detect
from demiurgic.templates.encoding import encode, token_mask
from demiurgic.templates.jinja import JinjaTemplate, render_jinja
from demiurgic.templates.protocol import Vocabulary


def as_openai(message):
    fields = {"role": message.role, "content": message.text}
    if isinstance(message, Assistant) and message.calls:
        fields["tool_calls"] = [
            {"type": "function", "function": {"name": call.name, "arguments": dict(call.arguments)}}
            for call in message.calls
        ]
    return fields


def as_function(tool):
    inner = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": inner}


@pytest.mark.parametrize("model", ["smollm2", "qwen"])
def test_prompts_are_the_models_own_token_for_token(model: str, request: pytest.FixtureRequest):
    with opened(request.getfixturevalue(model), context=512) as engine:
        facts = engine.facts
        family = detect(ModelTraits(facts.template, facts.architecture, facts.name, Vocabulary(facts.markers)))
        assert family.family == "chatml"
        cases = [(PLAIN, ())] + ([(WITH_TOOLS, TOOLS)] if model == "qwen" else [])
        for conversation, tools in cases:
            theirs = render_jinja(
                facts.template,
                {
                    "messages": [as_openai(message) for message in conversation],
                    "tools": [as_function(tool) for tool in tools] or None,
                    "add_generation_prompt": True,
                },
            )
            ours = encode(family.render(conversation, tools), engine, facts.markers)
            # The assistant's turns are tokens of their own, as they were when it wrote them.
            assert engine.detokenize(token_mask(ours)[0]).decode() == theirs
            assert token_mask(ours)[0] == engine.tokenize(theirs)


def test_a_changed_template_is_not_taken_for_its_familys(qwen: Path):
    from demiurgic_models.gguf import inspect

    template = (inspect(qwen).template or "").replace("<|im_end|>", "<|done|>")
    family = detect(ModelTraits(template, "qwen2", "changed", Vocabulary({}), ("<|done|>",)))
    assert isinstance(family, JinjaTemplate)
    text = "".join(segment.text for segment in family.render(PLAIN))
    assert text == render_jinja(template, {"messages": [as_openai(m) for m in PLAIN], "add_generation_prompt": True})
    said = [segment.text for segment in family.render(PLAIN) if segment.by_assistant]
    assert said == ["4", "<|done|>"]
