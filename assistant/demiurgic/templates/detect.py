"""Which family a model belongs to: recognised by its template and tokens, then verified.

A fine-tune may carry a template that looks like its family's and is not. So our rendering of a plain conversation is
compared with what the model's own template makes of it; where they differ, the model's own is used.
"""

from collections.abc import Callable
from dataclasses import dataclass

from demiurgic.errors import TemplateError
from demiurgic.messages import Assistant, Message, System, User
from demiurgic.templates.characterglm import CharacterGlm
from demiurgic.templates.chatglm3 import ChatGlm3
from demiurgic.templates.chatml import QWEN_PERSONA, SMOLLM_PERSONA, ChatML
from demiurgic.templates.family import Family
from demiurgic.templates.glm4 import Glm4, Glm4Chat, GlmZ1
from demiurgic.templates.glm45 import Glm45, Glm47
from demiurgic.templates.jinja import JinjaTemplate, as_dict, render_jinja
from demiurgic.templates.llama3 import Llama3
from demiurgic.templates.plain import Plain
from demiurgic.templates.protocol import Template, Vocabulary
from demiurgic.templates.smollm3 import SmolLM3


@dataclass(frozen=True, slots=True)
class ModelTraits:
    """What a family can be told by."""

    template: str | None
    architecture: str
    name: str
    vocabulary: Vocabulary
    ends: tuple[str, ...] = ()
    """Names of the tokens that end a turn."""
    eos: str = ""
    """What the model's own template calls `eos_token`, where that is known."""


def detect(traits: ModelTraits) -> Template:
    """The template to use for a model. There is always one."""
    known = _recognise(traits)
    if traits.template is None:
        return known or Plain(traits.vocabulary)
    if known is not None and (_agrees(known, traits.template) or known.family in _DROPPING):
        return known
    dialect = known.dialect if known else None
    return JinjaTemplate(traits.vocabulary, traits.template, traits.ends, dialect, traits.eos)


_GLM = frozenset(("chatglm", "glm"))
"""What a GGUF file and a checkpoint call the same architecture."""

_DROPPING = frozenset(("chatglm3", "characterglm"))
"""Families whose files carry no template that could be right."""


def _recognise(traits: ModelTraits) -> Family | None:
    template, vocabulary, name = traits.template or "", traits.vocabulary, traits.name.lower()
    tests: list[tuple[bool, Callable[[], Family]]] = [
        ("characterglm" in name, lambda: CharacterGlm(vocabulary)),
        (_is_chatglm3(traits), lambda: ChatGlm3(vocabulary)),
        ("<arg_key>" in template and "<tool_call>{function-name}<arg_key>" in template, lambda: Glm47(vocabulary)),
        ("<arg_key>" in template, lambda: Glm45(vocabulary)),
        (_is_glm4(template) and "<think>" in template, lambda: GlmZ1(vocabulary)),
        (_is_glm4(template) and traits.architecture in _GLM, lambda: Glm4Chat(vocabulary)),
        (_is_glm4(template), lambda: Glm4(vocabulary)),
        ("<|start_header_id|>" in template, lambda: Llama3(vocabulary)),
        ("Reasoning Mode" in template, lambda: SmolLM3(vocabulary)),
        (SMOLLM_PERSONA in template, lambda: ChatML(vocabulary, SMOLLM_PERSONA)),
        (QWEN_PERSONA in template, lambda: ChatML(vocabulary, QWEN_PERSONA)),
        ("<|im_start|>" in template, lambda: ChatML(vocabulary)),
        (not template and "<|im_start|>" in vocabulary.markers, lambda: ChatML(vocabulary)),
        (not template and traits.architecture == "glm4", lambda: Glm4(vocabulary)),
    ]
    return next((make() for fits, make in tests if fits), None)


def _is_chatglm3(traits: ModelTraits) -> bool:
    return traits.architecture in _GLM and "sop" in traits.vocabulary.markers


def _is_glm4(template: str) -> bool:
    return "[gMASK]<sop>" in template and "<arg_key>" not in template


_PROBES: tuple[tuple[Message, ...], ...] = (
    (System("Be brief."), User("Hello"), Assistant("Hi."), User("And now?")),
    (User("Hello"),),
)


def _agrees(family: Family, template: str) -> bool:
    """Whether the model's own template writes plain conversations as the family does."""
    try:
        return all(
            _ours(family, probe) == render_jinja(template, _values(probe)).removeprefix("<|begin_of_text|>")
            for probe in _PROBES
        )
    except TemplateError:
        return False


def _ours(family: Family, probe: tuple[Message, ...]) -> str:
    return "".join(segment.text for segment in family.forgetful().render(probe)).removeprefix("<|begin_of_text|>")


def _values(probe: tuple[Message, ...]) -> dict[str, object]:
    return {
        "messages": [as_dict(message) for message in probe],
        "add_generation_prompt": True,
        "bos_token": "",
        "eos_token": "",
    }
