"""Texts in portions: nothing is lost, nothing too long."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demiurgic_training.web.portions import portions, sentences


@given(st.text(alphabet="ab。.\n 中", max_size=400), st.integers(5, 80))
def test_nothing_is_lost_and_nothing_is_too_long(text, size):
    parts = list(portions(text, size))
    assert all(0 < len(part) <= size for part in parts)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("one\n\ntwo", ["one\n\ntwo"]),
        ("第一段第一段\n第二段第二段\n第三段", ["第一段第一段", "第二段第二段\n第三段"]),
        ("第一句很长。第二句也很长。", ["第一句很长。", "第二句也很长。"]),
        ("没有任何标点的长长长长的文字", ["没有任何标点的长长长", "长的文字"]),
    ],
)
def test_cuts_fall_between_paragraphs_and_sentences(text, parts):
    assert list(portions(text, 10 if "没有" in text or "句" in text else 12)) == parts


def test_sentences_end_with_a_mark_or_their_line():
    text = "标题\n第一句。第二句！\n\nIt costs 1.5 euros. It is blue? 最后"
    assert list(sentences(text)) == ["标题", "第一句。", "第二句！", "It costs 1.5 euros.", "It is blue?", "最后"]
