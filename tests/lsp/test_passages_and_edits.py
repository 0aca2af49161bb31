"""From a place in a document to the passage around it, and from its new text to an edit."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.editors import applied

from demiurgic_lsp.asking.answering import code_in
from demiurgic_lsp.asking.edits import Target, hunks, new_file, workspace_edit
from demiurgic_lsp.asking.passage import lines_of, passage_at
from demiurgic_lsp.asking.testfiles import test_file_for as file_of_tests_for
from demiurgic_lsp.asking.words import only_words
from demiurgic_lsp.client import Client

PYTHON = textwrap.dedent("""\
    import os

    # Adds.
    @cache
    def add(a, b):
        if a:
            return a + b

        return b


    class Box:
        def get(self):
            return 1

        def put(self, x):
            self.x = x


    one = 1
    two = 2
    """)
BRACES = textwrap.dedent("""\
    package main

    func add(a, b int) int {
        return a + b
    }

    func main() {
        add(1, 2)
    }
    """)


@pytest.mark.parametrize(
    ("text", "line", "first", "last"),
    [
        (PYTHON, 6, "# Adds.", "    return b"),
        (PYTHON, 4, "# Adds.", "    return b"),
        (PYTHON, 3, "# Adds.", "    return b"),
        (PYTHON, 7, "# Adds.", "    return b"),
        (PYTHON, 11, "class Box:", "        self.x = x"),
        (PYTHON, 16, "    def put(self, x):", "        self.x = x"),
        (PYTHON, 19, "one = 1", "two = 2"),
        (PYTHON, 0, "import os", "import os"),
        (BRACES, 3, "func add(a, b int) int {", "}"),
        (BRACES, 7, "func main() {", "}"),
    ],
)
def test_a_place_stands_for_the_definition_around_it(text, line, first, last):
    found = passage_at("a", text, line, line).text.split("\n")
    assert (found[0], found[-1]) == (first, last)


def test_selected_lines_are_the_passage_but_for_empty_ones_at_its_end():
    assert passage_at("a", PYTHON, 4, 8).text == "\n".join(PYTHON.split("\n")[4:9])
    assert passage_at("a", PYTHON, 18, 99).text == "\none = 1\ntwo = 2"
    assert passage_at("a", "", 0, 0).text == ""


@given(st.text(alphabet="ab(){}:#@ \t\r\ndefclass", max_size=200), st.integers(0, 40), st.integers(0, 40))
def test_every_place_of_every_text_is_in_its_passage(text, one, other):
    first, last = sorted((one, other))
    found = passage_at("a", text, first, last)
    assert 0 <= found.start < found.end <= len(found.lines)
    assert found.start <= min(first, len(found.lines) - 1)


def edited(text, line, code, ends="\n", versions=True):
    passage = passage_at("a", text, line, line)
    target = Target("file:///a", 3, ends, len(lines_of(text)))
    edit = workspace_edit(hunks(passage, code), target, "Fix", Client(versions_edits=versions))
    made = [change for document in edit.document_changes or () for change in document.edits]
    return applied(text, made or list((edit.changes or {}).get("file:///a", ())))


def test_only_changed_lines_are_touched():
    passage = passage_at("a", PYTHON, 5, 5)
    code = passage.text.replace("a + b", "a - b")
    changed = hunks(passage, code)
    assert [(hunk.start, hunk.end, hunk.lines) for hunk in changed] == [(6, 7, ("        return a - b",))]
    assert hunks(passage, passage.text) == ()
    assert edited(PYTHON, 5, code) == PYTHON.replace("a + b", "a - b")


def test_a_method_written_as_if_it_stood_alone_is_put_where_it_belongs():
    code = "def put(self, x):\n    self.x = x\n    return self"
    assert edited(PYTHON, 16, code) == PYTHON.replace("self.x = x\n", "self.x = x\n        return self\n")


def test_lines_around_that_the_model_repeats_are_left_out():
    code = "import os\n\n# Adds.\n@cache\ndef add(a, b):\n    return b\n\n\nclass Box:"
    assert edited(PYTHON, 5, code) == PYTHON.replace("    if a:\n        return a + b\n\n", "")


FUNCTION = "def add(a, b):\n    return a + b\n"
DOCUMENTED = 'def add(a, b):\n    """Adds.\n\n    Both.\n    """\n    return a + b\n'


@pytest.mark.parametrize(
    "answer",
    [
        DOCUMENTED,
        DOCUMENTED.replace("    return a + b\n", ""),
        DOCUMENTED.replace("a + b", "a - b"),
        DOCUMENTED.replace("def add(a, b):\n", "").replace("    return a + b\n", ""),
        DOCUMENTED.replace("(a, b)", "(x, y)"),
    ],
)
def test_documentation_changes_no_code_whatever_the_model_left_out(answer):
    passage = passage_at("a.py", FUNCTION, 0, 0)
    edit = workspace_edit(only_words(hunks(passage, answer), passage), Target("file:///a", 1, "\n", 3), "", Client())
    assert applied(FUNCTION, edit.changes["file:///a"]) == DOCUMENTED


def test_comments_stand_above_what_they_explain():
    passage = passage_at("a.go", BRACES, 3, 3)
    changes = only_words(hunks(passage, "// add adds.\nfunc add(a int, b int) int {\n    return a\n}"), passage)
    assert [(hunk.start, hunk.end, hunk.lines) for hunk in changes] == [(2, 2, ("// add adds.",))]
    assert only_words(hunks(passage, "func add() {}"), passage) == ()


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_line_ends_and_a_last_line_without_one_are_kept(ends):
    text = f"def f():{ends}    return 1"
    assert edited(text, 0, "def f():\n    x = 2\n    return x", ends) == f"def f():{ends}    x = 2{ends}    return x"
    assert edited(text, 0, "def f():\n    return 1\n    # end", ends) == f"{text}{ends}    # end"


@given(st.lists(st.sampled_from(["a", "b", "  c", "", "d😀"]), min_size=1, max_size=8), st.data())
def test_any_passage_can_become_any_code(lines, data):
    text = "\n".join(lines)
    line = data.draw(st.integers(0, len(lines) - 1))
    passage = passage_at("a", text, line, line)
    code = "\n".join(data.draw(st.lists(st.sampled_from(["x", "y", "z", "w😀"]), min_size=1, max_size=5)))
    after = edited(text, line, code)
    whole = [*lines[: passage.start], *(passage.indent + one for one in code.split("\n")), *lines[passage.end :]]
    assert after == "\n".join(whole)


def test_editors_that_can_are_asked_to_check_and_to_confirm():
    changes = hunks(passage_at("a", "x\n", 0, 0), "y")
    target = Target("file:///a", 3, "\n", 2)
    plain = workspace_edit(changes, target, "Fix", Client())
    checked = workspace_edit(changes, target, "Fix", Client(versions_edits=True))
    confirmed = workspace_edit(changes, target, "Fix", Client(versions_edits=True, confirms_edits=True))
    assert list(plain.changes) == ["file:///a"]
    assert checked.document_changes[0].text_document.version == 3
    assert checked.change_annotations is None
    [note] = confirmed.change_annotations.items()
    assert (confirmed.document_changes[0].edits[0].annotation_id, note[1].needs_confirmation) == (note[0], True)
    made = new_file("file:///b", "x\n", "Tests", Client(confirms_edits=True))
    assert made.document_changes[0].options.overwrite is False
    assert made.document_changes[1].edits[0].new_text == "x\n"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Here:\n```python\nx = 1\n```\nDone.", "x = 1"),
        ("```\na\n\nb\n", "a\n\nb\n"),
        ("```\r\na\r\n```", "a"),
        ("  ```js\n  f(`${x}`)\n  ```", "  f(`${x}`)"),
        ("no code", None),
    ],
)
def test_code_is_taken_out_of_an_answer(said, code):
    assert code_in(said) == code


def test_tests_go_where_the_project_keeps_them(tmp_path):
    (tmp_path / "pkg" / "tests").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    assert file_of_tests_for(f"{tmp_path}/pkg/a.py", [tmp_path]) == tmp_path / "pkg" / "tests" / "test_a.py"
    (tmp_path / "pkg" / "tests" / "test_a.py").touch()
    assert file_of_tests_for(f"{tmp_path}/pkg/a.py", [tmp_path]).name == "test_a_2.py"
    assert file_of_tests_for(f"{tmp_path}/other/b.ts", [tmp_path]) == tmp_path / "other" / "b.test.ts"
    assert file_of_tests_for(f"{tmp_path}/other/c.go", [tmp_path]) == tmp_path / "other" / "c_test.go"
