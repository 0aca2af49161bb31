"""How each kind of model is asked for what is missing, with real models that are small, and what comes of it."""

import dataclasses
from pathlib import Path

import pytest

from demiurgic.chat.local import LocalChat
from demiurgic.compose import open_chat
from demiurgic.config import Settings
from demiurgic.templates.filling import Nearby
from demiurgic_lsp.completion.fillers import Asked, Continuing, Spoken, Taught, _in_the_block, filler_for
from demiurgic_lsp.completion.hole import hole_at

ADD = 'def add(first, second):\n    """The sum of two numbers."""\n    return █\n\n\nprint(add(1, 2))\n'


def hole(text=ADD):
    return hole_at("/home/me/project/pkg/sums.py", text.replace("█", ""), text.index("█"))


class Listening:
    """An engine that tells what it was asked."""

    def __init__(self, engine, **facts):
        self._engine, self.asked = engine, []
        self.facts = dataclasses.replace(engine.facts, **facts)

    def generate(self, request):
        self.asked.append(self._engine.detokenize(request.prompt).decode())
        return self._engine.generate(request)

    def __getattr__(self, name):
        return getattr(self._engine, name)


@pytest.fixture(scope="module")
def open_model(tmp_path_factory):
    opened = []

    def open_one(path: Path, **facts) -> tuple[LocalChat, Listening]:
        settings = Settings(context=2048, disk_cache=0, cache_dir=tmp_path_factory.mktemp("cache"))
        model = open_chat(settings, str(path))
        opened.append(model)
        engine = Listening(model.engine, **facts)
        return model.over(engine), engine

    yield open_one
    for model in opened:
        model.close()


def test_a_model_that_has_learnt_it_sees_both_sides_and_other_files(open_model, qwen):
    model, engine = open_model(qwen)
    filler = filler_for(model)
    assert isinstance(filler, Taught)
    filled = filler.begin(hole(), 64, (Nearby("/home/me/project/pkg/other.py", "ONE = 1"),)).follow()
    assert filled.text == "first + second"
    [asked] = engine.asked
    assert asked.startswith(
        "<|file_sep|>project/pkg/other.py\nONE = 1\n<|file_sep|>project/pkg/sums.py\n<|fim_prefix|>def add"
    )
    assert asked.endswith("<|fim_suffix|>\n\n\nprint(add(1, 2))\n<|fim_middle|>    return")
    assert "/home/me" not in asked


def test_a_model_for_conversations_is_asked_with_the_answer_begun(open_model, smollm2):
    model, engine = open_model(smollm2)
    filler = filler_for(model)
    assert isinstance(filler, Spoken)
    filled = filler.begin(hole(), 32).follow()
    [asked] = engine.asked
    assert "    return <HOLE>\n\n\nprint(add(1, 2))" in asked
    assert asked.endswith("```\n    return")
    assert "\n" not in filled.text


def test_a_model_that_can_only_go_on_is_shown_what_stands_above(open_model, smollm2):
    model, engine = open_model(smollm2, template=None)
    filler = filler_for(model)
    assert isinstance(filler, Continuing)
    filler.begin(hole(), 16).follow()
    assert engine.asked[0].endswith('"""The sum of two numbers."""\n    return')
    assert "print" not in engine.asked[0]


def test_no_more_is_written_than_is_wished_for(open_model, qwen):
    model, _ = open_model(qwen)
    filled = filler_for(model).begin(hole("def numbers():\n    █\n"), 8).follow()
    assert filled.tokens <= 8


class Remote:
    """Satisfies `ChatModel`, as far as it is asked."""

    name = "remote"


def test_any_other_model_is_asked_in_words():
    assert isinstance(filler_for(Remote()), Asked)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("```python\n    return first + second\n```", "first + second"),
        ("```\nreturn first + second\n```\nIt adds.", "first + second"),
        ("Here:\n```python\n    return first\n```", "first"),
        ("first + second", ""),
        ("```", ""),
        ("```python\nfirst + second\n```", "first + second"),
    ],
)
def test_what_an_answer_in_words_leaves_of_the_line(said, shown):
    assert _in_the_block(said, "    return ") == shown
