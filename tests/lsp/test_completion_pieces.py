"""The pure parts of ghost text: the place, what is shown of it, where an answer ends, and what is trimmed off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position
from pygls.workspace import TextDocument

from demiurgic_lsp.completion.ending import one_line, so_far, whole
from demiurgic_lsp.completion.hole import Hole, hole_at, shown
from demiurgic_lsp.completion.memory import Memory
from demiurgic_lsp.completion.trimming import trimmed
from demiurgic_lsp.places import hole_in, path_of

CURSOR = "█"


def hole(text: str) -> Hole:
    return hole_at("a.py", text.replace(CURSOR, ""), text.index(CURSOR))


def test_a_place_is_a_line_in_two_halves_and_what_is_around_it():
    place = hole("one\r\ntwo █three\r\nfour\rfive")
    assert place == Hole("a.py", "one\n", "two ", "three", "\nfour\nfive")
    assert (place.before, place.behind) == ("one\ntwo ", "three\nfour\nfive")
    assert hole("█") == Hole("a.py", "", "", "", "")


def test_positions_count_as_editors_do():
    document = TextDocument("file:///home/me/a%20b.py", 'x = "😀😀"\r\ny\r\n')
    assert hole_in(document, Position(0, 9)) == Hole("/home/me/a b.py", "", 'x = "😀😀', '"', "\ny\n")
    assert hole_in(document, Position(1, 0)) == Hole("/home/me/a b.py", 'x = "😀😀"\n', "", "y", "\n")
    assert path_of("untitled:one") == "untitled:one"


@given(st.text(alphabet="a \r\n😀"), st.data())
def test_no_letter_is_lost_around_a_place(text, data):
    offset = data.draw(st.integers(0, len(text)))
    place = hole_at("a.py", text, offset)
    assert (place.before + place.behind).replace("\n", "") == text.replace("\r", "").replace("\n", "")
    assert "\n" not in place.left + place.right
    assert place.above == "" or place.above.endswith("\n")


def test_what_is_shown_begins_at_the_same_line_for_a_while():
    texts = ["".join(f"line {number}\n" for number in range(count)) for count in range(96, 400)]
    begins = [shown(hole(text + CURSOR)).above.split("\n")[0] for text in texts]
    assert len(set(begins)) == -(-len(texts) // 32) + 1
    assert all(64 <= shown(hole(text + CURSOR)).above.count("\n") <= 96 for text in texts)
    long = shown(hole("x" * 100_000 + "\n█\n" + "y" * 100_000))
    assert len(long.above) <= 8000
    assert len(long.behind) <= 8001


@pytest.mark.parametrize(
    ("text", "single"),
    [
        ("x = █", True),
        ("x = █ + 1", True),
        ("print(█)", True),
        ("█", False),
        ("█x + 1", True),
        ("    █", False),
        ("def f():█", False),
        ("for x in y:\n    █\n", False),
        ("if (x) {█}", False),
        ("call(█", False),
    ],
)
def test_more_than_a_line_is_missing_where_a_line_is_empty_or_opens_a_block(text, single):
    assert one_line(hole(text)) == single


@pytest.mark.parametrize(
    ("place", "written", "kept"),
    [
        ("x = █", "1 + 2\ny = 3\n", "1 + 2"),
        ("x = █ + z", "y\nmore", "y"),
        ("def f(x):█", "\n    return x\n\n\ndef g():\n    pass\n", "\n    return x"),
        ("def f(x):\n    █", "y = x\n    return y\n\ndef g():\n", "y = x\n    return y"),
        ("if 1:\n    █", "if x:\n        a\n    else:\n        b\nc()\n", "if x:\n        a\n    else:\n        b"),
        ("if x:█\n", "\n    a()\nelse:\n    b()\nc()\n", "\n    a()\nelse:\n    b()"),
        ("f = {█", '\n    "a": 1,\n}\nprint(f)\n', '\n    "a": 1,\n}'),
        ("a()\n█\nlast_line()\n", "b()\nlast_line()\nagain()\n", "b()"),
        ("a()\n█", "b()\n\nc()\n", "b()"),
    ],
)  # fmt: skip
def test_an_answer_ends_with_its_line_or_its_block(place, written, kept):
    asked = hole(place)
    grown = [so_far(written[:size], asked) for size in range(len(written) + 1)]
    ended = next((text for text, over in grown if over), None)
    assert (whole(written, asked) if ended is None else ended).rstrip() == kept.rstrip()
    assert whole(written, asked).rstrip() == kept.rstrip()


def test_an_answer_without_end_is_cut():
    text, over = so_far("x()\n" * 100, hole("█"))
    assert over
    assert text.count("\n") <= 16


@pytest.mark.parametrize(
    ("place", "written", "shown_text"),
    [
        ("x = █", "1", "1"),
        ("x = █", "  ", ""),
        ("x = █", " 1", "1"),
        ("x = █", "```python\n1\n```\nThis is", "1"),
        ("print(█)", "a, b)", "a, b"),
        ("print(█)", "f(a), b)", "f(a), b"),
        ("print(█)", '")", b)', '")", b'),
        ('print("█")', 'hello")', "hello"),
        ("x = f(█ + 1)", "y + 1)", "y"),
        ("a = [█]", "1, 2]", "1, 2"),
        ("a()\n█\nb()\nc()\n", "x()\nb()\nc()", "x()"),
        ("a()\n█\nb()\n", "b()", ""),
        ("a()\n█\nb()\n", "a()", ""),
        ("{█}", "}", ""),
    ],
)
def test_what_models_do_wrong_is_trimmed_off(place, written, shown_text):
    assert trimmed(written, hole(place)) == shown_text


@given(st.text(alphabet="ab(){}[]\"' \n:=", max_size=40), st.text(alphabet="ab(){}[]\"' \n:=", max_size=30), st.data())
def test_trimming_only_takes_away(written, text, data):
    place = hole_at("a.py", text, data.draw(st.integers(0, len(text))))
    assert trimmed(written, place).strip(" ") in written
    for size in range(len(written)):
        kept, _ = so_far(written[:size], place)
        assert written.startswith(kept)


def test_who_types_what_they_were_shown_is_answered_without_the_model():
    memory = Memory()
    memory.note(hole("x = █\nend"), "foo(1)")
    assert memory.recall(hole("x = █\nend")) == "foo(1)"
    assert memory.recall(hole("x = foo█\nend")) == "(1)"
    assert memory.recall(hole("x = foo(1)█\nend")) is None
    assert memory.recall(hole("x = bar█\nend")) is None
    assert memory.recall(hole("x = █\nother")) is None
    assert memory.recall(hole("x =█\nend")) is None
    memory.note(hole("y = █"), "")
    assert memory.recall(hole("y = █")) == ""
    for number in range(100):
        memory.note(hole(f"{number}█"), "x")
    assert memory.recall(hole("x = █\nend")) is None
