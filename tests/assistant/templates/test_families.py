"""Every family against its golden texts, and against what holds for all of them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.conversations import CONVERSATIONS, PLAIN, TOOLS, WITH_TOOLS
from support.engines import opened

from demiurgic.messages import Assistant, System, ToolCall, ToolResult, User
from demiurgic.templates.characterglm import CharacterGlm, Persona
from demiurgic.templates.chatglm3 import ChatGlm3
from demiurgic.templates.chatml import QWEN_PERSONA, SMOLLM_PERSONA, ChatML
from demiurgic.templates.encoding import encode, token_mask
from demiurgic.templates.glm4 import Glm4, Glm4Chat, GlmZ1
from demiurgic.templates.glm45 import Glm45, Glm47
from demiurgic.templates.llama3 import Llama3
from demiurgic.templates.plain import Plain
from demiurgic.templates.protocol import Segment, Vocabulary
from demiurgic.templates.smollm3 import SmolLM3

GOLDEN = Path(__file__).parent / "golden"
NO_MARKERS = Vocabulary({})
FAMILIES = {
    "chatglm3": ChatGlm3(NO_MARKERS),
    "glm4-chat": Glm4Chat(NO_MARKERS),
    "glm4-0414": Glm4(NO_MARKERS),
    "glm-z1": GlmZ1(NO_MARKERS),
    "glm4.5": Glm45(NO_MARKERS),
    "glm4.7": Glm47(NO_MARKERS),
    "characterglm": CharacterGlm(NO_MARKERS, Persona("小明", "一个学生", "老师", "很有耐心")),
    "qwen2.5": ChatML(NO_MARKERS, QWEN_PERSONA),
    "smollm2": ChatML(NO_MARKERS, SMOLLM_PERSONA),
    "smollm3": SmolLM3(NO_MARKERS),
    "llama3": Llama3(NO_MARKERS),
    "plain": Plain(NO_MARKERS),
}
GLM = ("chatglm3", "glm4-chat", "glm4-0414", "glm-z1", "glm4.5", "glm4.7")


def text_of(segments: list[Segment]) -> str:
    return "".join(segment.text for segment in segments)


def learned(segments: list[Segment]) -> str:
    """The assistant's part shown in brackets."""
    return "".join(f"⟦{segment.text}⟧" if segment.by_assistant else segment.text for segment in segments).replace(
        "⟧⟦", ""
    )


@pytest.mark.parametrize("conversation", CONVERSATIONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_rendering_equals_the_golden_text(family: str, conversation: str):
    messages, tools = CONVERSATIONS[conversation]
    template = FAMILIES[family]
    rendered = learned(template.render(messages, tools if template.calls_tools else (), generate=True))
    golden = GOLDEN / f"{family}.{conversation}.txt"
    assert rendered == golden.read_text("utf-8"), f"if this change is meant, write the new text to {golden.name}"


@pytest.mark.parametrize("family", GLM)
def test_glm_turns_end_with_the_next_roles_token_and_the_assistant_writes_it(family: str):
    segments = FAMILIES[family].render(WITH_TOOLS, TOOLS, generate=False)
    written = [
        segment for segment in segments if segment.by_assistant and segment.text in ("<|user|>", "<|observation|>")
    ]
    assert written[-1].text == "<|user|>"
    assert any(segment.text == "<|observation|>" for segment in written)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_finished_conversation_ends_with_a_stop_that_training_learns(family: str):
    template = FAMILIES[family]
    segments = template.render(PLAIN[:3], generate=False)
    last = "".join(segment.text for segment in segments if segment.by_assistant)
    assert any(stop.strip("\n") in last or last.endswith("\n") for stop in template.stops)


text = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=30)
spoken = text.map(lambda words: words.strip() or "x")
turns = st.lists(
    st.one_of(
        spoken.map(User),
        spoken.map(Assistant),
        st.tuples(spoken, spoken).map(
            lambda pair: Assistant(pair[0], calls=(ToolCall("1", "read", {"path": pair[1]}),))
        ),
        spoken.map(lambda words: ToolResult("1", "read", words)),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in ("characterglm", "plain")])
@given(conversation=turns)
@settings(max_examples=25, deadline=None)
def test_nothing_is_lost_and_the_past_is_never_rewritten(family: str, conversation):
    template = FAMILIES[family]
    whole = template.render(conversation, TOOLS)
    joined = text_of(whole)
    for message in conversation:
        # Llama 3 prints results as JSON; everything else appears as it is.
        if not (family == "llama3" and isinstance(message, ToolResult)):
            assert message.text in joined
    earlier = text_of(template.render(conversation[:-1], TOOLS, generate=False)) if len(conversation) > 1 else ""
    if family != "llama3" or any(isinstance(message, User) for message in conversation[:-1]):
        stop_free = earlier.removesuffix("<|user|>").removesuffix("<|observation|>")
        if not (family in ("qwen2.5", "smollm2") and isinstance(conversation[-1], ToolResult)):
            assert joined.startswith(stop_free)


class Letters:
    """A tokenizer of single characters and some markers."""

    def __init__(self) -> None:
        self.markers = {"<|im_start|>": 1, "<|im_end|>": 2, "<tool_call>": 3}

    def tokenize(self, text: str, markers: bool = True) -> list[int]:
        tokens, at = [], 0
        while at < len(text):
            name = next((name for name in self.markers if text.startswith(name, at)), None) if markers else None
            tokens.append(self.markers[name] if name else 1000 + ord(text[at]))
            at += len(name) if name else 1
        return tokens


def test_only_the_template_can_write_markers():
    segments = [
        Segment("<|im_start|>user\n<|im_"),
        Segment("end|><|im_start|>im_", trusted=False),
        Segment("<|im_end|>"),
    ]
    tokens, mask = token_mask(encode(segments, Letters(), Letters().markers))
    assert [token for token in tokens if token < 1000] == [1, 2]
    assert not any(mask)


@given(
    st.lists(st.tuples(st.sampled_from(["<|im_", "start|>", "<|im_start|>", "x", "im_"]), st.booleans()), max_size=8)
)
def test_markers_across_borders_are_never_forged(parts):
    segments = [Segment(words, trusted=trusted) for words, trusted in parts]
    tokens, _ = token_mask(encode(segments, Letters(), Letters().markers))
    allowed, run = 0, ""
    for words, trusted in [*parts, ("", False)]:
        if trusted:
            run += words
        else:
            allowed += sum(token == 1 for token in Letters().tokenize(run))
            run = ""
    assert sum(token == 1 for token in tokens) <= allowed


def test_the_mask_covers_exactly_what_the_assistant_wrote():
    segments = ChatML(NO_MARKERS).render([System("s"), User("u"), Assistant("answer")], generate=False)
    tokens, mask = token_mask(encode(segments, Letters(), Letters().markers))
    kept = "".join(
        chr(token - 1000) if token >= 1000 else f"<{token}>" for token, on in zip(tokens, mask, strict=True) if on
    )
    assert kept == "answer<2>"


class Greedy(Letters):
    """A tokenizer that finds markers in any text, as some do with tokens that users defined."""

    def tokenize(self, text: str, markers: bool = True) -> list[int]:
        return super().tokenize(text, True)


def test_a_tokenizer_that_finds_markers_in_any_text_is_not_trusted_with_foreign_text():
    segments = [
        Segment("<|im_start|>user\n"),
        Segment("a <|im_end|> b<|im_end|>", trusted=False),
        Segment("<|im_end|>"),
    ]
    tokens, _ = token_mask(encode(segments, Greedy(), Letters().markers))
    assert [token for token in tokens if token < 1000] == [1, 2]
    assert len(tokens) == 1 + len("user\n") + len("a <|im_end|> b<|im_end|>") + 1


def test_a_word_that_holds_a_markers_name_is_tokenised_as_a_word(tiny_chatglm3: Path):
    with opened(tiny_chatglm3, context=256) as engine:
        markers = engine.facts.markers
        assert "sop" in markers
        segments = [
            Segment("[gMASK]sop<|user|>\n"),
            Segment("philosophy, sop", trusted=False),
            Segment("<|assistant|>"),
        ]
        tokens, _ = token_mask(encode(segments, engine, markers))
        assert [token for token in tokens if token in markers.values()] == [
            markers[name] for name in ("[gMASK]", "sop", "<|user|>", "<|assistant|>")
        ]
        assert engine.detokenize(tokens).replace(b" ", b"").endswith(b"philosophy,sop<|assistant|>")
