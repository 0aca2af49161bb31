"""One whole function or class by name: which lines go, which stay, and when it is refused."""

import ast

import pytest
from support.tool_calls import called, failure, surroundings

from demiurgic.tools.definitions import definitions
from demiurgic.tools.rewrite import RewriteTool

REWRITE = RewriteTool()
SOURCE = '''"""Module."""
import os


@cache
def top(x):
    """Says."""
    return x


class Box:
    size = 1

    @property
    def area(self):
        return self.size

    def grow(
        self,
    ):
        text = """
kept as it is
"""
        return text  # } not a brace


if os:
    def late(): return 1

one = 1; two = 2
'''


@pytest.fixture
def around(tmp_path):
    return surroundings(tmp_path)


def put(around, name, text):
    (around.workspace.root / name).write_bytes(text.encode())


def text_of(around, name):
    return (around.workspace.root / name).read_bytes().decode()


def test_a_function_goes_from_its_first_line_to_its_last_and_nothing_else(around):
    put(around, "a.py", SOURCE)
    outcome = called(REWRITE, around, path="a.py", name="top", code="def top(x, y):\n    return x + y\n")
    assert outcome.text == "Rewrote top in a.py, lines 6-7."
    assert text_of(around, "a.py") == SOURCE.replace(
        'def top(x):\n    """Says."""\n    return x', "def top(x, y):\n    return x + y"
    )


def test_decorators_stay_unless_the_code_brings_its_own(around):
    put(around, "a.py", SOURCE)
    called(REWRITE, around, path="a.py", name="top", code="@other\ndef top(x):\n    return 0")
    assert "\n@other\ndef top(x):\n    return 0\n\n\nclass" in text_of(around, "a.py")
    assert "@cache" not in text_of(around, "a.py")


@pytest.mark.parametrize(
    "code",
    [
        "def area(self):\n    return 2\n",
        "    def area(self):\n        return 2\n",
        "\n        def area(self):\n            return 2\n\n",
        "def area(self):\n        return 2\n",
    ],
)
def test_a_method_is_indented_as_it_was(around, code):
    put(around, "a.py", SOURCE)
    called(REWRITE, around, path="a.py", name="Box.area", code=code)
    assert text_of(around, "a.py") == SOURCE.replace("return self.size", "return 2")


def test_what_strings_say_is_not_moved_with_the_code(around):
    put(around, "a.py", SOURCE)
    code = 'def grow(self):\n    """Doc.\n\n    More.\n    """\n    text = """\nkept as it is\n"""\n    return text\n'
    called(REWRITE, around, path="a.py", name="grow", code=code)
    box = ast.parse(text_of(around, "a.py")).body[3]
    assert ast.get_docstring(box.body[2], clean=False) == "Doc.\n\n        More.\n        "
    assert box.body[2].body[1].value.value == "\nkept as it is\n"


def test_line_ends_and_encoding_stay(around):
    source = ("# caf\u00e9\n" + SOURCE).replace("\n", "\r\n")
    (around.workspace.root / "a.py").write_bytes(b"\xef\xbb\xbf" + source.encode())
    called(REWRITE, around, path="a.py", name="Box.area", code="def area(self):\n    return 2\n")
    expected = source.replace("return self.size", "return 2")
    assert (around.workspace.root / "a.py").read_bytes() == b"\xef\xbb\xbf" + expected.encode()


def test_what_would_not_be_right_is_refused(around):
    put(around, "a.py", SOURCE + "\n\nclass Bag:\n    def area(self):\n        pass\n")
    put(around, "a.txt", "x")
    assert "2 definitions are called area: Box.area at line 15, Bag.area" in failure(
        REWRITE, around, path="a.py", name="area", code="def area(): pass"
    )
    assert "there is no tip in a.py to replace, and it cannot be added" in failure(
        REWRITE, around, path="a.py", name="tip", code="x"
    )
    assert "syntax error" in failure(REWRITE, around, path="a.py", name="top", code="def top(:")
    assert "does not define top" in failure(REWRITE, around, path="a.py", name="top", code="return 1")
    assert "does not define top" in failure(REWRITE, around, path="a.py", name="top", code="def other(): pass")
    assert "`code` is empty" in failure(REWRITE, around, path="a.py", name="top", code="\n")
    assert "use write" in failure(REWRITE, around, path="a.txt", name="x", code="x")
    assert "did you mean a.py?" in failure(REWRITE, around, path="b/a.py", name="x", code="x")
    assert text_of(around, "a.py").startswith(SOURCE)


def test_a_broken_file_can_be_mended_and_only_mended(around):
    broken = SOURCE.replace("return x", "return (x")
    put(around, "a.py", broken)
    assert "not written" in failure(REWRITE, around, path="a.py", name="Box.area", code="def area(self):\n    return 2")
    assert text_of(around, "a.py") == broken
    called(REWRITE, around, path="a.py", name="top", code="def top(x):\n    return 5")
    assert text_of(around, "a.py") == SOURCE.replace('    """Says."""\n    return x', "    return 5")


def test_statements_that_share_a_line_are_not_offered():
    assert [one.name for one in definitions("a.py", "def f(): pass\nif x: y = 1\nclass A: z = 1; w = 2\n")] == [
        "f",
        "A",
    ]
    assert [one.name for one in definitions("a.py", "x = 1; \\\ndef_ = 2\n")] == []


JAVASCRIPT = """import x from "y";

export async function load(url) {
  const reply = await fetch(url, { cache: "no" });
  if (!reply.ok) {
    throw new Error(`${url}`);
  }
  return reply;
}

const add = (a, b) => {
  return a + b;
};

class Box extends Base {
  constructor(size) {
    super();
  }

  area(
    unit,
  ) {
    return unit;
  }
}

function broken(x) {
  return "{";
}
"""
GO = """package main

func (b *Box) Area(x int) int {
\tif x > 1 {
\t\treturn 2
\t}
\treturn 1
}

type Box struct {
\tsize int
}
"""


def test_braces_are_understood_where_layout_and_count_agree(around):
    names = {one.name: (one.first, one.last) for one in definitions("a.js", JAVASCRIPT)}
    assert names == {"load": (3, 9), "add": (11, 13), "Box": (15, 25), "Box.constructor": (16, 18)}
    assert [(one.name, one.first, one.last) for one in definitions("a.go", GO)] == [
        ("Area", 3, 8),
        ("Box", 10, 12),
    ]
    put(around, "a.js", JAVASCRIPT)
    called(REWRITE, around, path="a.js", name="add", code="const add = (a, b) => {\n  return b + a;\n};")
    called(REWRITE, around, path="a.js", name="Box.constructor", code="constructor(size) {\n  this.size = size;\n}")
    assert text_of(around, "a.js") == JAVASCRIPT.replace("a + b", "b + a").replace("super()", "this.size = size")
    assert "there is no broken" in failure(REWRITE, around, path="a.js", name="broken", code="function broken() {\n}")


def test_a_definition_that_is_not_there_is_added_at_the_end(around):
    put(around, "a.py", SOURCE)
    outcome = called(REWRITE, around, path="a.py", name="area_of", code="def area_of(box):\n    return box.area\n")
    assert text_of(around, "a.py") == SOURCE.rstrip("\n") + "\n\n\ndef area_of(box):\n    return box.area\n"
    number = text_of(around, "a.py").split("\n").index("def area_of(box):") + 1
    assert outcome.text.startswith(f"Added area_of to a.py, lines {number}-{number + 1}.")
    put(around, "b.py", "")
    called(REWRITE, around, path="b.py", name="f()", code="    def f():\n        return 1\n")
    assert text_of(around, "b.py") == "def f():\n    return 1\n"
    put(around, "c.py", "x = 1\r\n")
    called(REWRITE, around, path="c.py", name="f", code="def f():\n    return 1\n")
    assert text_of(around, "c.py") == "x = 1\r\n\r\n\r\ndef f():\r\n    return 1\r\n"


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("tops", "def other(): pass", "does not define tops"),
        ("late2", "def late2(:\n    pass", "syntax error"),
        ("Box.shrink", "def shrink(self): pass", "there is no Box.shrink"),
        ("grew", "return 1", "does not define grew"),
    ],
)
def test_what_cannot_be_added_is_refused(around, name, code, said):
    put(around, "a.py", SOURCE)
    assert said in failure(REWRITE, around, path="a.py", name=name, code=code)
    assert text_of(around, "a.py") == SOURCE


TWO = "def mean(x):\n    return sum(x) / len(x)\n\n\n@cache\ndef most(x):\n    return max(x)\n"


def test_what_it_repeats_of_the_file_does_not_stand_there_twice(around):
    put(around, "a.py", TWO)
    called(REWRITE, around, path="a.py", name="mean", code=TWO.replace("len(x)", "max(1, len(x))"))
    assert text_of(around, "a.py") == TWO.replace("len(x)", "max(1, len(x))")
    called(
        REWRITE,
        around,
        path="a.py",
        name="least",
        code=f"{text_of(around, 'a.py')}\n\ndef least(x):\n    return min(x)\n",
    )
    assert [one.name for one in definitions("a.py", text_of(around, "a.py"))] == ["mean", "most", "least"]


def test_it_changes_one_definition_at_a_time(around):
    put(around, "a.py", TWO)
    code = TWO.replace("len(x)", "max(1, len(x))").replace("max(x)", "max(x, default=0)")
    assert "changes most too" in failure(REWRITE, around, path="a.py", name="mean", code=code)
    assert text_of(around, "a.py") == TWO


def test_the_file_as_it_is_changes_nothing(around):
    put(around, "a.py", TWO)
    assert "says exactly that already" in failure(REWRITE, around, path="a.py", name="mean", code=TWO)
