"""Prompts that are no conversation, against the tokenizer of a real architecture."""

from dataclasses import replace

import pytest
from support.engines import ask, opened
from support.tiny_models import make_glm

from demiurgic.engine.protocol import EndReason, FillTokens, Sampling
from demiurgic.engine.scripted import Script, ScriptedEngine
from demiurgic.errors import UnsupportedRequest
from demiurgic.templates.filling import Gap, Nearby, fill_prompt, fill_stops, text_prompt

MARKERS = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Its tokenizer finds the markers in any text, whether they are meant or not."""
    with opened(make_glm(tmp_path_factory.mktemp("filling") / "glm.gguf", tags=MARKERS)) as engine:
        yield engine


def test_a_hole_stands_behind_both_of_its_sides(engine):
    prompt = fill_prompt(Gap("def f():\n    ", "\n\nf()"), engine)
    assert engine.detokenize(prompt) == b"<|fim_prefix|>def f():\n    <|fim_suffix|>\n\nf()<|fim_middle|>"
    special = set(engine.facts.markers.values())
    assert [token for token in prompt if token in special] == [engine.facts.markers[name] for name in MARKERS]


def test_other_files_stand_in_front_with_their_names(engine):
    class Taught(ScriptedEngine):
        @property
        def facts(self):
            return replace(super().facts, fill=FillTokens(1, 2, 3, separator=4))

    gap = Gap("a", "b", "c", "x.py", (Nearby("y.py", "z"),))
    inside = fill_prompt(gap, Taught(Script()))
    assert inside == (4, *b"y.py\nz\n", 4, *b"x.py\n", 1, ord("a"), 2, ord("b"), 3, ord("c"))
    alone = fill_prompt(replace(gap, nearby=()), Taught(Script()))
    assert alone == (1, ord("a"), 2, ord("b"), 3, ord("c"))
    assert engine.detokenize(fill_prompt(gap, engine)).startswith(b"<|fim_prefix|>a")


def test_code_geex_is_asked_in_a_conversation():
    class Asked(ScriptedEngine):
        @property
        def facts(self):
            markers = {"<|user|>": 8, "<|assistant|>": 9}
            return replace(super().facts, architecture="chatglm", markers=markers, fill=FillTokens(1, 2, 3))

    prompt = fill_prompt(Gap("a", "b", "c", "x.py", (Nearby("y.py", "z"),)), Asked(Script()))
    said = b"\n###REFERENCE:\n###PATH:y.py\nz\n###PATH:x.py\n###MODE:BLOCK\n"
    assert prompt == (8, *said, 2, ord("b"), 1, ord("a"), 3, 9, ord("\n"), ord("c"))


@pytest.mark.parametrize("forged", [*MARKERS, "<|user|>", "<|endoftext|>"])
def test_names_of_markers_in_the_text_are_letters(engine, forged):
    text = f"a = '{forged}'"
    special = set(engine.facts.markers.values())
    assert special.isdisjoint(text_prompt(text, engine))
    assert engine.detokenize(text_prompt(text, engine)) == text.encode()
    assert sum(token in special for token in fill_prompt(Gap(text, text), engine)) == 3


def test_a_hole_ends_where_the_model_leaves_it(engine):
    assert sorted(fill_stops(engine)) == sorted(MARKERS)
    middle = engine.facts.fill.middle
    prompt = fill_prompt(Gap("a", "b"), engine)
    sampling = Sampling(bias=((middle, 1e6),))
    text, _, done = ask(engine, prompt, sampling=sampling, stop=fill_stops(engine), markers=True)
    assert (text, done.reason) == ("", EndReason.STOP_TEXT)


def test_a_prompt_begins_as_the_model_wants_it(engine):
    class Beginning(ScriptedEngine):
        @property
        def facts(self):
            return replace(super().facts, bos=7, fill=FillTokens(1, 2, 3))

    assert engine.facts.bos is None
    assert text_prompt("", engine) == ()
    assert text_prompt("a", Beginning(Script())) == (7, ord("a"))
    assert fill_prompt(Gap("a", "b"), Beginning(Script())) == (7, 1, ord("a"), 2, ord("b"), 3)


def test_a_model_that_has_not_learnt_it_says_so():
    engine = ScriptedEngine(Script())
    assert fill_stops(engine) == ()
    with pytest.raises(UnsupportedRequest, match="hole"):
        fill_prompt(Gap("a", "b"), engine)
