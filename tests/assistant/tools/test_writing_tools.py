"""The write and edit tools on real files: bytes that stay, words that help, and plans that are kept to."""

import stat

import pytest
from support.tool_calls import called, failure, planned, surroundings

from demiurgic.errors import ToolFailed
from demiurgic.tools.edit import EditTool
from demiurgic.tools.protocol import DiffView, Effect, EffectKind
from demiurgic.tools.textfile import fingerprint
from demiurgic.tools.write import WriteTool

WRITE, EDIT = WriteTool(), EditTool()
SOURCE = "def first():\n    return 1\n\n\ndef second():\n    return 2\n"


@pytest.fixture
def around(tmp_path):
    (tmp_path / "work").mkdir()
    return surroundings(tmp_path / "work")


def put(around, name, data):
    (around.workspace.root / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def data_of(around, name):
    return (around.workspace.root / name).read_bytes()


def test_a_plan_touches_nothing_and_shows_what_will_be(around):
    plan = planned(WRITE, around, path="new/a.py", content="x = 1")
    assert plan.effects == (Effect(EffectKind.WRITE, "new/a.py"),)
    assert plan.view == DiffView("new/a.py", None, "x = 1\n")
    assert list(around.workspace.root.iterdir()) == []
    outcome = plan.run(around)
    assert outcome.text == "Wrote new/a.py: 1 lines."
    assert outcome.wrote == ("new/a.py",)
    assert data_of(around, "new/a.py") == b"x = 1\n"


def test_a_file_that_changed_since_the_plan_is_left_alone(around):
    put(around, "a", "old")
    plans = [
        planned(WRITE, around, path="a", content="new"),
        planned(EDIT, around, path="a", old="old", new="new"),
        planned(WRITE, around, path="b", content="new"),
    ]
    put(around, "a", "somebody else's")
    put(around, "b", "somebody else's")
    for plan in plans:
        with pytest.raises(ToolFailed, match="changed by somebody else meanwhile; read it again"):
            plan.run(around)
    assert data_of(around, "a") == data_of(around, "b") == b"somebody else's"


def test_a_file_that_changed_since_it_was_seen_is_not_replaced(around):
    put(around, "a", "new content")
    stale = surroundings(around.workspace.root, seen={"a": fingerprint(b"old content")})
    assert "changed since you saw it; read it again" in failure(WRITE, stale, path="a", content="x")
    fresh = surroundings(around.workspace.root, seen={"a": fingerprint(b"new content")})
    assert called(WRITE, fresh, path="a", content="x").text == "Replaced a: 1 lines."


@pytest.mark.parametrize(
    ("before", "content", "after"),
    [
        (b"a\r\nb\r\n", "x\ny\n", b"x\r\ny\r\n"),
        (b"a\n", "x\r\n", b"x\r\n"),
        (b"a", "x", b"x"),
        (b"a\n", "x", b"x\n"),
        (b"\xef\xbb\xbfa\n", "\u00e9\n", b"\xef\xbb\xbf\xc3\xa9\n"),
        ("\u00e9\n".encode("cp1252"), "\u00e8\n", "\u00e8\n".encode("cp1252")),
        (b"a\n", "", b""),
    ],
)
def test_a_replaced_file_keeps_its_encoding_and_line_ends(around, before, content, after):
    put(around, "a", before)
    called(WRITE, around, path="a", content=content)
    assert data_of(around, "a") == after


@pytest.mark.parametrize(
    "encoding", ["utf-8", "cp1252", "utf-8-sig", "utf-16", "gb2312", "latin-1"], ids=lambda name: name
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_an_edit_changes_only_its_span_in_any_encoding(around, encoding, end, last):
    word = "\u4f60\u597d" if encoding == "gb2312" else "\u00e9"
    text = end.join([f"first {word}", "\tsecond  ", f"third {word}"]) + (end if last else "")
    put(around, "a", text.encode(encoding))
    called(EDIT, around, path="a", old="\tsecond", new="\tchanged")
    assert data_of(around, "a") == text.replace("second", "changed").encode(encoding)


def test_what_an_encoding_cannot_hold_is_refused_before_anything_is_written(around):
    put(around, "a", "caf\u00e9\n".encode("cp1252"))
    message = failure(EDIT, around, path="a", old="caf\u00e9", new="\u4f60")
    assert message.startswith("the file is in cp1252, which cannot hold '\u4f60' (U+4F60)")
    assert "cp1252" in failure(WRITE, around, path="a", content="\u4f60")
    assert data_of(around, "a") == "caf\u00e9\n".encode("cp1252")


def test_an_edit_says_where_and_keeps_the_mode(around):
    put(around, "a.py", SOURCE)
    (around.workspace.root / "a.py").chmod(0o755)
    outcome = called(EDIT, around, path="a.py", old="    return 2\n", new="    x = 2\n    return x\n")
    assert outcome.text == "Edited a.py, lines 6-7."
    assert outcome.wrote == ("a.py",)
    assert stat.S_IMODE((around.workspace.root / "a.py").stat().st_mode) == 0o755
    assert called(EDIT, around, path="a.py", old="return", new="yield", all=True).text == "Edited a.py, 2 places."


def test_the_nearest_real_lines_are_shown(around):
    put(around, "a.py", SOURCE)
    message = failure(EDIT, around, path="a.py", old="def second(x):\n    return 22", new="pass")
    assert message == "`old` is not in a.py. The nearest lines are:\n5\tdef second():\n6\t    return 2"
    assert "nor anything like it" in failure(EDIT, around, path="a.py", old="import numpy", new="pass")


def test_what_a_file_says_already_is_not_written_again(around):
    put(around, "a.py", "x = 1\r\ny = 2\r\n")
    assert "says exactly that already" in failure(WRITE, around, path="a.py", content="x = 1\ny = 2")


def test_a_change_that_is_made_already_is_recognised(around):
    put(around, "a.py", SOURCE)
    message = failure(EDIT, around, path="a.py", old="def third():\n    return 2", new="def second():\n    return 2")
    assert "`new` is, at line 5: the change seems to be made already" in message


def test_what_is_ambiguous_uneven_or_empty_is_refused_with_the_way_out(around):
    put(around, "a.py", SOURCE)
    assert "2 times in a.py: at line 2, 6" in failure(EDIT, around, path="a.py", old="return", new="yield")
    uneven = failure(EDIT, around, path="a.py", old="  def second():\n  return 2", new="x")
    assert uneven.endswith("The lines are:\n5\tdef second():\n6\t    return 2")
    assert "`old` is empty" in failure(EDIT, around, path="a.py", old="\n", new="x")
    assert "nothing would change" in failure(EDIT, around, path="a.py", old="x", new="x")
    assert "nothing would change" in failure(EDIT, around, path="a.py", old="return 2 ", new="return 2")
    assert "did you mean a.py?" in failure(EDIT, around, path="b/a.py", old="x", new="y")
    assert data_of(around, "a.py") == SOURCE.encode()


def test_code_that_cannot_be_parsed_is_written_and_told(around):
    assert "syntax error in line 1: '(' was never closed" in called(WRITE, around, path="a.py", content="f(").text
    assert "cannot be parsed" in called(WRITE, around, path="a.json", content="{,}").text
    assert "cannot be parsed" in called(WRITE, around, path="a.toml", content="a=").text
    assert "Warning" in called(WRITE, around, path="deep.py", content="(" * 5000 + ")" * 5000).text
    assert "Warning" in called(WRITE, around, path="deep.json", content="[" * 99999).text
    assert "Warning" not in called(WRITE, around, path="a.txt", content="f(").text


def test_nothing_is_written_outside_nor_through_a_link(around):
    secret = around.workspace.root.parent / "secret"
    secret.write_text("secret")
    (around.workspace.root / "link").symlink_to("../secret")
    (around.workspace.root / "alias").symlink_to("real")
    put(around, "real", "real\n")
    for path in ("../secret", str(secret), "link", "~/x"):
        message = failure(WRITE, around, path=path, content="x")
        assert "out of the workspace" in message or "outside the workspace" in message
        assert "the workspace" in failure(EDIT, around, path=path, old="secret", new="x")
    assert failure(WRITE, around, path="alias", content="x") == "alias goes through a link; write to real"
    assert secret.read_text() == "secret"


def test_binary_and_huge_files_are_not_edited(around):
    put(around, "a.bin", b"a\0b")
    with (around.workspace.root / "huge").open("wb") as file:
        file.truncate(1 << 30)
    assert "binary" in failure(EDIT, around, path="a.bin", old="a", new="b")
    assert "larger than 32 MB" in failure(EDIT, around, path="huge", old="a", new="b")
    assert "larger than 32 MB" in failure(WRITE, around, path="huge", content="b")


CAREFUL = WriteTool(careful=True)


@pytest.mark.parametrize(
    "content",
    [
        "def first():\n    return 3\n\n\ndef second():\n    return 2\n",  # all of it, changed
        "def first():\n    return 1\n\n\ndef other():\n    return 2\n",  # renamed
        SOURCE + "\n\ndef third():\n    return 3\n",
    ],
)
def test_a_small_model_may_write_a_whole_file_anew(around, content):
    put(around, "a.py", SOURCE)
    called(CAREFUL, around, path="a.py", content=content)
    assert data_of(around, "a.py") == content.encode()


def test_a_small_model_does_not_lose_what_it_did_not_mean_to_change(around):
    put(around, "a.py", SOURCE.replace("\n", "\r\n"))
    said = failure(CAREFUL, around, path="a.py", content="def first():\n    return 3\n")
    assert said.startswith("not written: a.py has second, which your content leaves out")
    assert "rewrite" in said
    assert data_of(around, "a.py") == SOURCE.replace("\n", "\r\n").encode()
    called(WRITE, around, path="a.py", content="def first():\n    return 3\n")  # a large model knows what it does


def test_what_is_no_code_may_be_written_shorter(around):
    put(around, "notes.md", "def first():\n    pass\n")
    called(CAREFUL, around, path="notes.md", content="nothing")
    assert data_of(around, "notes.md") == b"nothing\n"
