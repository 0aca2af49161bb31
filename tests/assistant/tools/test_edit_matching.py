"""The matcher: what it finds, what it refuses, and that it never touches a character beside the passage."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from demiurgic.tools.matching import NoMatch, apply, find, stands

CLASS = """class A:
    def first(self):
        if self.x:
            return 1
        return 2

    def second(self):
        return 3
"""


def replaced(content, old, new, **more):
    found = find(content, old, new, **more)
    assert not isinstance(found, NoMatch), found
    return apply(content, found)


def test_what_is_there_once_is_replaced():
    assert replaced("one two three", "two", "2") == "one 2 three"
    assert replaced("a\nb\nc\n", "b\n", "") == "a\nc\n"


def test_a_replacement_whose_last_line_was_not_ended_does_not_swallow_the_next_line():
    assert replaced("a\nb\nc\n", "b\n", "x") == "a\nx\nc\n"
    assert replaced("a\r\nb\r\nc\r\n", "b\r\n", "x") == "a\r\nx\r\nc\r\n"
    assert replaced("a\nb\nc\n", "b\n", "") == "a\nc\n"


def test_what_is_there_twice_is_refused_unless_all_are_meant():
    assert find("x = 1\nx = 1\n", "x = 1", "x = 2") == NoMatch((1, 2))
    assert replaced("x = 1\nx = 1\n", "x = 1", "x = 2", everywhere=True) == "x = 2\nx = 2\n"
    assert find("aaa", "aa", "b") == NoMatch((1, 1)), "places that overlap are two"
    assert replaced("aaaa", "aa", "b", everywhere=True) == "bb"


def test_lines_with_another_indentation_are_found_and_the_replacement_is_given_theirs():
    old = "if self.x:\n    return 1\nreturn 2\n"
    new = "if self.x:\n    if self.y:\n        return 0\n\n    return 1\nreturn 2\n"
    assert replaced(CLASS, old, new) == CLASS.replace(
        "            return 1\n",
        "            if self.y:\n                return 0\n\n            return 1\n",
    )


def test_lines_that_are_indented_too_far_are_brought_back():
    old = "            def second(self):\n                return 3"
    new = "            def second(self):\n                return 4"
    assert replaced(CLASS, old, new) == CLASS.replace("return 3", "return 4")


def test_a_first_line_without_its_indentation_is_given_it():
    old = "def second(self):\n        return 3\n"
    new = "def second(self, y):\n        return y\n"
    expected = CLASS.replace("second(self)", "second(self, y)").replace("return 3", "return y")
    assert replaced(CLASS, old, new) == expected


def test_spaces_for_tabs_and_tabs_for_spaces():
    tabs = "func f() {\n\tif x {\n\t\tgo()\n\t}\n}\n"
    assert replaced(tabs, "    if x {\n        go()\n    }", "    if y {\n        stop()\n    }") == tabs.replace(
        "x", "y"
    ).replace("go", "stop")
    assert replaced(CLASS, "\tdef second(self):\n\t\treturn 3", "\tdef second(self):\n\t\treturn 9") == CLASS.replace(
        "return 3", "return 9"
    )


def test_an_indentation_that_differs_unevenly_is_refused():
    found = find(CLASS, "if self.x:\nreturn 1\nreturn 2", "if self.z:\nreturn 1\nreturn 2")
    assert isinstance(found, NoMatch)
    assert found.uneven == 3


def test_loosely_alike_places_are_ambiguous_too():
    content = "def f():\n    go( 1 )\n\ndef g():\n        go( 1 )\n"
    assert find(content, "go( 1  )", "stop()") == NoMatch((2, 5))


def test_trailing_white_space_and_empty_lines_around_do_not_matter():
    assert replaced("a  \nb\t\nc\n", "a\nb\n", "x\ny\n") == "x\ny\nc\n"
    assert replaced("a  \nb\nc\n", "\n\na\nb\n\n", "\n\nx\n\n") == "x\nc\n"


def test_copied_line_numbers_are_seen_through():
    content = "alpha\nbeta\n\ngamma\n"
    assert replaced(content, "2\tbeta\n3\t\n4\tgamma", "2\tBETA\n3\t\n4\tgamma") == "alpha\nBETA\n\ngamma\n"
    assert replaced(content, "2\tbeta", "BETA") == "alpha\nBETA\n\ngamma\n"
    assert isinstance(find(content, "2\tbeta\n9\t\n4\tgamma", "x"), NoMatch), "these numbers do not follow each other"


@pytest.mark.parametrize("old", ["b", "b\n", "b\r\n", "a\nb\n", "a\r\nb"])
def test_line_ends_stay_what_they_are(old):
    result = replaced("a\r\nb\r\nc\r\n", old, old.replace("b", "x\ny"))
    assert result.count("\n") == result.count("\r\n") == 4
    assert result.replace("\r\n", "\n") == "a\nx\ny\nc\n"


def test_a_file_of_two_minds_keeps_both_line_ends():
    assert replaced("a\r\nb\nc\r\n", "b", "x\ny") == "a\r\nx\ny\nc\r\n"
    assert replaced("a\nb\r\nc\n", "b", "x\ny") == "a\nx\r\ny\r\nc\n"


def test_a_missing_last_line_end_stays_missing():
    assert replaced("a\nb", "b\n", "c\n") == "a\nc"
    assert replaced("a\n    b", "b ", "c\nd") == "a\n    c\n    d"


def test_what_is_there_already_is_seen():
    assert stands(CLASS, "def second(self):\n    return 3\n") == 7
    assert stands(CLASS, "def third(self):") == 0


LINE = st.sampled_from(
    [
        "",
        "a",
        "b",
        "    a",
        "    b",
        "\ta",
        "\t\tb",
        "a  ",
        "  ",
        "}",
        "if x:",
        "    if x:",
        "x = 1",
        "1\ta",
        "é",
        "\x0c",
        "\r",
    ]
)
ENDS = st.sampled_from(["\n", "\r\n"])


@st.composite
def texts(draw, most=12):
    ends = draw(ENDS)
    lines = draw(st.lists(st.tuples(LINE, st.booleans()), max_size=most))
    text = "".join(line + (ends if usual else "\n") for line, usual in lines)
    return text if draw(st.booleans()) else text.removesuffix("\n").removesuffix("\r")


@settings(max_examples=500, deadline=None)
@given(content=texts(), old=texts(4), new=texts(4), everywhere=st.booleans())
@example("a\r\n", "\na", "b", False)
@example("\r\na", "\na", "b", False)
def test_whatever_it_is_given_it_changes_only_what_it_names(content, old, new, everywhere):
    check(content, old, new, everywhere)


@settings(max_examples=500, deadline=None)
@given(content=texts(), new=texts(4), cut=st.tuples(st.integers(0, 30), st.integers(0, 30)), data=st.data())
def test_passages_of_the_file_itself_roughly_quoted(content, new, cut, data):
    start, length = cut
    old = content[start : start + length]
    spoil = data.draw(
        st.sampled_from([str, str.strip, lambda t: t.replace("    ", "\t"), lambda t: t.replace("\r", "")])
    )
    check(content, spoil(old), new, False)


def check(content, old, new, everywhere):
    found = find(content, old, new, everywhere=everywhere)
    if isinstance(found, NoMatch):
        return
    assert len(found) == 1 or everywhere
    result = apply(content, found)
    at = 0
    for splice in found:
        assert at <= splice.start <= splice.end <= len(content)
        gone = content[splice.start : splice.end]
        assert "".join(gone.split()) == "".join(unnumbered(old, gone).split()), "only what was quoted goes"
        assert content[splice.start - 1 : splice.start + 1] != "\r\n" or not splice.start, "a line end is cut in two"
        at = splice.end
    if not everywhere:
        (splice,) = found
        assert result == content[: splice.start] + splice.text + content[splice.end :]
        assert "".join(splice.text.split()) in ("".join(new.split()), "".join(unnumbered(new, splice.text).split()))
        others = content.replace("\r\n", "\n").count(old.replace("\r\n", "\n")) if old.strip() else 0
        assert others <= 1, "what is ambiguous must be refused"


def unnumbered(quoted, real):
    """The quotation without line numbers, if the file has none there."""
    lines = [line.split("\t", 1)[-1] if line.strip()[:1].isdigit() else line for line in quoted.split("\n")]
    return quoted if "".join(quoted.split()) == "".join(real.split()) else "\n".join(lines)
