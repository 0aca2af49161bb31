"""Rows as lessons: what is learned is what the assistant wrote and the stop behind it, in every family."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
from rich.console import Console
from support.conversations import TOOLS, WITH_TOOLS
from support.rows import write_lines, write_rows
from transformers import AutoConfig, AutoTokenizer

from demiurgic.errors import UserError
from demiurgic.messages import Assistant, System, ToolCall, User
from demiurgic.templates.characterglm import CharacterGlm, Persona
from demiurgic.templates.checkpoint import CheckpointTokenizer
from demiurgic.templates.encoding import encode
from demiurgic.templates.protocol import Template, Vocabulary
from demiurgic_training.files import write_items
from demiurgic_training.rows import Pair, Row, asked
from demiurgic_training.tuning.certificate import Certificate, write_certificate
from demiurgic_training.tuning.lessons import Lesson, Lessons, PairLesson, prepare_lessons
from demiurgic_training.tuning.recipe import Data, Method, Overlong, Recipe, Spelled
from demiurgic_training.tuning.showing import shown

FAMILIES = ("glm4", "glm", "qwen2", "smollm3", "llama")
TURNS = Row((System("Be kind."), User("a"), Assistant("b"), User("c"), Assistant("d")))
CALLS = Row(WITH_TOOLS[:-1], TOOLS)
LearnedOf = Callable[[str], tuple[CheckpointTokenizer, Template]]


@pytest.fixture(scope="module")
def speaker(student: Callable[..., Path]) -> LearnedOf:
    def opened(family: str) -> tuple[CheckpointTokenizer, Template]:
        folder = student(family)
        tokenizer = CheckpointTokenizer(AutoTokenizer.from_pretrained(folder))
        return tokenizer, tokenizer.template(AutoConfig.from_pretrained(folder), family, folder)

    return opened


def own_template(tokenizer: CheckpointTokenizer, folder: Path) -> Template:
    return tokenizer.template(AutoConfig.from_pretrained(folder), "strange", folder)


def prepared(speaker, path: Path, method: Method = Method.SFT, validation: Path | None = None, **data) -> Lessons:
    settings = replace(Data(path, validation), **data)
    return prepare_lessons(Recipe("m", settings, Path("o"), method), *speaker)


def pieces(lesson: Lesson, tokenizer: CheckpointTokenizer) -> str:
    """Its text, with what is learned between double brackets."""
    parts = groupby(zip(lesson.tokens, lesson.learned, strict=True), key=lambda each: each[1])
    texts = ((learned, tokenizer.native.decode([token for token, _ in run])) for learned, run in parts)
    return "".join(f"⟦{text}⟧" if learned else text for learned, text in texts)


EXPECTED = {
    "glm4": "[gMASK]<sop><|system|>\nBe kind.<|user|>\na<|assistant|>⟦\nb<|user|>⟧\nc<|assistant|>⟦\nd<|user|>⟧",
    "glm": "[gMASK]<sop><|system|>\nBe kind.<|user|>\na<|assistant|>⟦\nb<|user|>⟧\nc<|assistant|>⟦\nd<|user|>⟧",
    "qwen2": (
        "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n⟦b<|im_end|>⟧\n"
        "<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n⟦d<|im_end|>⟧"
    ),
    "smollm3": (
        "<|im_start|>system\n## Metadata\n\nKnowledge Cutoff Date: June 2025\nReasoning Mode: /no_think\n\n"
        "## Custom Instructions\n\nBe kind.\n\n<|im_end|>\n<|im_start|>user\na<|im_end|>\n"
        "<|im_start|>assistant\n<think>\n\n</think>\n⟦b<|im_end|>⟧\n"
        "<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n⟦d<|im_end|>⟧"
    ),
    "llama": (
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
        "Today Date: 26 Jul 2024\n\nBe kind.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\na<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n⟦b<|eot_id|>⟧<|start_header_id|>user<|end_header_id|>\n\n"
        "c<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n⟦d<|eot_id|>⟧"
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_each_turn_and_the_token_that_stops_it_is_learned_and_nothing_else(speaker, family: str, tmp_path: Path):
    told = speaker(family)
    lessons = prepared(told, write_rows(tmp_path / "rows.jsonl", [TURNS]))
    assert pieces(lessons.train[0], told[0]) == EXPECTED[family]
    portion = lessons.certificate.train
    assert (portion.turns, portion.stopped, portion.rows) == (2, 2, 1)
    assert portion.learned == sum(lessons.train[0].learned)


@pytest.mark.parametrize("family", FAMILIES)
def test_calls_are_learned_with_their_stop_and_results_are_not(speaker, family: str, tmp_path: Path):
    told = speaker(family)
    lesson = prepared(told, write_rows(tmp_path / "rows.jsonl", [CALLS])).train[0]
    text = pieces(lesson, told[0])
    learned = [part.partition("⟧")[0] for part in text.split("⟦")[1:]]
    assert "Both are fine." in learned[-1]
    assert any('"path": "b.py"' in part for part in learned)
    assert not any("你好" in part or "Look at" in part or "Read a file" in part for part in learned)
    before_result = text[: text.index("print(")]
    stop = "<|observation|>" if family.startswith("glm") else told[1].stops[0]
    assert f"{stop}⟧" in before_result[before_result.rindex("⟦") :]


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_read_before_an_answer_is_what_the_model_will_be_asked(speaker, family: str, tmp_path: Path):
    """The tokens before each learned turn are the prompt that the runtime would write at this place."""
    tokenizer, template = speaker(family)
    lesson = prepared((tokenizer, template), write_rows(tmp_path / "rows.jsonl", [TURNS])).train[0]
    starts = [n for n, learned in enumerate(lesson.learned) if learned and not lesson.learned[n - 1]]
    for begin, spoken in zip(starts, (2, 4), strict=True):
        segments = template.render(TURNS.messages[:spoken], generate=True, think=False)
        prompt = [token for part in encode(segments, tokenizer, tokenizer.markers) for token in part.tokens]
        assert list(lesson.tokens[:begin]) == prompt


@pytest.mark.parametrize("family", FAMILIES)
def test_a_pair_has_one_prompt_and_two_answers_that_stop(speaker, family: str, tmp_path: Path):
    told = speaker(family)
    call = Assistant("", calls=(ToolCall("1", "look", {"at": "it"}),))
    pairs = [
        Pair((User("which?"),), Assistant("this one"), Assistant("that"), {"confidence": 7}),
        Pair((User("which?"), Assistant("say more"), User("more")), Assistant("this"), call, {"confidence": 3}),
        Pair((User("which?"),), Assistant("tested"), Assistant("failed")),
    ]
    write_items(tmp_path / "pairs.jsonl", pairs)
    lessons = prepared(told, tmp_path / "pairs.jsonl", Method.DPO, min_confidence=6)
    assert len(lessons.train) == 2
    assert lessons.certificate.train.dropped == {"unsure": 1}
    first = lessons.train[0]
    assert isinstance(first, PairLesson)
    decode = told[0].native.decode
    row = prepared(told, write_rows(tmp_path / "row.jsonl", [asked("which?", "this one")])).train[0]
    assert (*first.prompt, *first.chosen) == row.tokens
    assert decode(list(first.rejected)).strip() == f"that{told[1].stops[0]}"
    held = prepared(told, tmp_path / "pairs.jsonl", Method.KTO).train[1]
    assert "say more" in decode(list(held.prompt))
    assert "look" in decode(list(held.rejected))


def test_thoughts_are_learned_where_there_are_any(speaker, tmp_path: Path):
    told = speaker("smollm3")
    path = write_rows(tmp_path / "rows.jsonl", [Row((User("a"), Assistant("b", reasoning="hm")))])
    text = pieces(prepared(told, path).train[0], told[0])
    assert "Reasoning Mode: /think" in text
    assert text.endswith("<|im_start|>assistant\n⟦<think>hm</think>\nb<|im_end|>⟧")


def test_a_system_message_is_put_above_rows_that_have_none(speaker, tmp_path: Path):
    told = speaker("glm4")
    path = write_rows(tmp_path / "rows.jsonl", [asked("a", "b"), TURNS])
    first, second = prepared(told, path, system="Sort.").train
    assert pieces(first, told[0]).startswith("[gMASK]<sop><|system|>\nSort.<|user|>")
    assert "Sort." not in pieces(second, told[0])


def test_a_model_of_no_known_family_learns_its_own_templates_stop(student, tmp_path: Path):
    native = AutoTokenizer.from_pretrained(student("qwen2"))
    native.chat_template = "{% for m in messages %}[{{ m.role }}] {{ m.content }}{{ eos_token }}\n{% endfor %}"
    tokenizer = CheckpointTokenizer(native)
    told = tokenizer, own_template(tokenizer, student("qwen2"))
    lessons = prepared(told, write_rows(tmp_path / "rows.jsonl", [asked("a", "b")]))
    assert lessons.certificate.family == "jinja"
    assert pieces(lessons.train[0], tokenizer) == "[user] a<|im_end|>\n[assistant] ⟦b<|im_end|>⟧"


def test_each_line_of_a_character_is_learned_with_the_break_that_ends_it(speaker, tmp_path: Path):
    tokenizer, _ = speaker("glm")
    told = tokenizer, CharacterGlm(Vocabulary(tokenizer.markers), Persona("U", "", "B", ""))
    lessons = prepared(told, write_rows(tmp_path / "rows.jsonl", [TURNS]))
    assert pieces(lessons.train[0], tokenizer).endswith("\n[U]a\n[B]⟦b\n⟧[U]c\n[B]⟦d\n⟧")
    assert (lessons.certificate.train.turns, lessons.certificate.train.stopped) == (2, 2)


def test_the_token_that_begins_every_text_is_there_once(student, tmp_path: Path):
    native = AutoTokenizer.from_pretrained(student("llama"))
    path = write_rows(tmp_path / "rows.jsonl", [asked("a", "b")])
    for beginning in ("", "<|begin_of_text|>"):
        turns = "{% for m in messages %}[{{ m.role }}] {{ m.content }}{{ eos_token }}{% endfor %}"
        native.chat_template = beginning + turns
        tokenizer = CheckpointTokenizer(native)
        told = tokenizer, own_template(tokenizer, student("llama"))
        text = pieces(prepared(told, path).train[0], tokenizer)
        assert text == "<|begin_of_text|>[user] a<|eot_id|>[assistant] ⟦b<|eot_id|>⟧"


def test_a_template_without_an_end_is_refused(student, tmp_path: Path):
    native = AutoTokenizer.from_pretrained(student("qwen2"))
    native.chat_template = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
    tokenizer = CheckpointTokenizer(native)
    told = tokenizer, own_template(tokenizer, student("qwen2"))
    with pytest.raises(UserError, match="1 of 1 rows hold a turn of the assistant that does not end"):
        prepared(told, write_rows(tmp_path / "rows.jsonl", [asked("a", "b")]))


REFUSED = {
    "pairs": ([{"prompt": "a", "chosen": "b", "rejected": "c"}], "1 of 1 rows are pairs of answers"),
    "silent": ([{"messages": [{"role": "user", "content": "a"}]}], "hold nothing that could be learned"),
    "unreadable": (['{"messages": 3}\n'], "cannot be read as rows; the first is line 1"),
    "empty": ([], "holds no rows"),
    "ChatML": (
        [
            {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes"}]},
            {"messages": [{"role": "user", "content": "x<|im_end|>\n"}, {"role": "assistant", "content": "b"}]},
        ],
        r"1 of 2 rows spell special tokens .* the first is line 2: <\|im_end\|>, a special token of ChatML",
    ),
    "Llama": (
        [{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b<|eot_id|>"}]}],
        r"<\|eot_id\|>, a special token of Llama 3",
    ),
    "own": (
        [
            {
                "messages": [
                    {"role": "user", "content": "<|user|>\na<|assistant|>"},
                    {"role": "assistant", "content": "b"},
                ]
            }
        ],
        r"<\|user\|>, a special token of GLM",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_rows_that_should_not_be_learned_stop_the_run(speaker, case: str, tmp_path: Path):
    lines, said = REFUSED[case]
    with pytest.raises(UserError, match=said) as refused:
        prepared(speaker("glm4"), write_lines(tmp_path / "rows.jsonl", lines))
    assert "\n" not in str(refused.value)
    assert refused.value.hint


def test_an_empty_validation_file_is_refused_too(speaker, tmp_path: Path):
    path = write_rows(tmp_path / "rows.jsonl", [asked("a", "b")])
    with pytest.raises(UserError, match=r"held\.jsonl holds no rows"):
        prepared(speaker("glm4"), path, validation=write_rows(tmp_path / "held.jsonl", []))


def test_rows_that_spell_special_tokens_are_dropped_or_kept_as_letters_on_request(speaker, tmp_path: Path):
    told = speaker("glm4")
    path = write_rows(tmp_path / "rows.jsonl", [asked("say <|user|>", "<|user|>"), asked("a", "b")])
    dropped = prepared(told, path, spelled=Spelled.DROP)
    assert (len(dropped.train), dropped.certificate.train.dropped) == (1, {"spelled": 1})
    kept = prepared(told, path, spelled=Spelled.KEEP).train[0]
    assert kept.tokens.count(told[0].markers["<|user|>"]) == 2  # its own turn, and the stop; not the two that are said


LONG = [asked("a", "b"), asked("a", "word " * 50), asked("word " * 50, "b")]


def test_longer_rows_are_dropped_and_counted(speaker, tmp_path: Path):
    lessons = prepared(speaker("glm4"), write_rows(tmp_path / "rows.jsonl", LONG), max_length=30)
    portion = lessons.certificate.train
    assert (portion.rows, portion.dropped, portion.clipped) == (1, {"overlong": 2}, 0)
    assert portion.longest > 100
    assert sum(portion.lengths.values()) == 3


def test_longer_rows_are_clipped_and_what_is_left_without_a_lesson_is_dropped(speaker, tmp_path: Path):
    told = speaker("glm4")
    path = write_rows(tmp_path / "rows.jsonl", LONG)
    lessons = prepared(told, path, max_length=30, overlong=Overlong.CLIP)
    portion = lessons.certificate.train
    assert (portion.rows, portion.dropped, portion.clipped) == (2, {"overlong": 1}, 1)
    assert (portion.turns, portion.stopped) == (1, 1)
    assert len(lessons.train[1].tokens) == 30


def test_longer_rows_are_refused_on_request(speaker, tmp_path: Path):
    path = write_rows(tmp_path / "rows.jsonl", LONG)
    with pytest.raises(
        UserError, match=r"2 of 3 rows are longer than data.max_length; the first is line 2: \d+ tokens"
    ):
        prepared(speaker("glm4"), path, max_length=30, overlong=Overlong.REFUSE)


def test_where_every_row_is_too_long_nothing_begins(speaker, tmp_path: Path):
    with pytest.raises(UserError, match=r"no row of .* is left \(2 overlong\); the longest has \d+ tokens"):
        prepared(speaker("glm4"), write_rows(tmp_path / "rows.jsonl", LONG[1:]), max_length=30)


def test_a_pair_is_clipped_in_its_answers(speaker, tmp_path: Path):
    write_items(tmp_path / "pairs.jsonl", [Pair((User("a"),), Assistant("word " * 50), Assistant("no"))])
    lessons = prepared(speaker("glm4"), tmp_path / "pairs.jsonl", Method.DPO, max_length=20, overlong=Overlong.CLIP)
    pair = lessons.train[0]
    assert len(pair.prompt) + len(pair.chosen) == 20
    assert pair.rejected[-1] == speaker("glm4")[0].markers["<|user|>"]


def test_the_certificate_is_saved_and_shown(speaker, tmp_path: Path):
    path = write_rows(tmp_path / "rows.jsonl", [asked("[bold]a", "b c"), *LONG])
    held = write_rows(tmp_path / "held.jsonl", [asked("c", "d")])
    certificate = prepared(speaker("glm4"), path, validation=held, max_length=30).certificate
    write_certificate(certificate, tmp_path / "certificate.json")
    saved = json.loads((tmp_path / "certificate.json").read_text("utf-8"))
    assert saved["train"]["rows"] == 2
    assert saved["train"]["dropped"] == {"overlong": 2}
    assert saved["validation"]["file"] == str(held)
    assert saved["sample"] == [
        {"text": "[gMASK]<sop><|user|>\n[bold]a<|assistant|>", "learned": False},
        {"text": "\nb c<|user|>", "learned": True},
    ]
    text = printed(certificate)
    for said in (
        "[bold]a",
        "2 rows are left out",
        "2 of 2 turns end with a learned stop token",
        "data.max_length is 30",
    ):
        assert said in text
    assert "\x1b[1;32m\nb c<|user|>" in text or "\x1b[1;32mb c<|user|>" in text
    plain = printed(certificate, coloured=False)
    assert "what is learned stands in ⟦ ⟧" in plain
    assert "⟦\nb c<|user|>⟧" in re.sub("\x1b.*?m", "", plain)


def printed(certificate: Certificate, *, coloured: bool = True) -> str:
    console = Console(width=120, force_terminal=True, color_system="standard")
    with console.capture() as capture:
        for part in shown(certificate, coloured=coloured):
            console.print(part)
    return capture.get()
