"""A name in a file: whole words alone, whatever they are in, and a word on who still uses the old one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tool_calls import PolicyAlone, called, failure, planned, surroundings

from demiurgic.errors import ToolFailed
from demiurgic.tools.protocol import DiffView, Effect, EffectKind
from demiurgic.tools.rename import RenameTool

RENAME = RenameTool()
CART = "def total(items):\n    return sum(items)  # the total, not subtotal\n"


def around_of(root, **more):
    return surroundings(root, sandbox=PolicyAlone(root), **more)


@pytest.fixture
def around(tmp_path):
    (tmp_path / "cart.py").write_text(CART)
    (tmp_path / "main.py").write_text("from cart import total\n\nprint(total([1]))\n")
    (tmp_path / "page.js").write_text("const $total = total_of(1);\n")
    return around_of(tmp_path)


def text_of(around, name):
    return (around.workspace.root / name).read_bytes().decode()


def test_whole_words_are_renamed_and_the_others_who_use_them_are_told(around):
    plan = planned(RENAME, around, path="cart.py", old="total", new="price")
    after = "def price(items):\n    return sum(items)  # the price, not subtotal\n"
    assert plan.effects == (Effect(EffectKind.WRITE, "cart.py"),)
    assert plan.view == DiffView("cart.py", CART, after)
    assert text_of(around, "cart.py") == CART
    outcome = plan.run(around)
    assert outcome.text == "Renamed total to price in cart.py, 2 times.\nNow rename total in main.py (2) too."
    assert outcome.wrote == ("cart.py",)
    assert text_of(around, "cart.py") == after
    last = called(RENAME, around, path="main.py", old="total", new="price").text
    assert last == "Renamed total to price in main.py, 2 times.\nNo file uses the name total now."
    assert text_of(around, "page.js") == "const $total = total_of(1);\n"


@pytest.mark.parametrize("data", [b"\xef\xbb\xbftotal = 1\r\ntotal += 1\r\n", "total = 'ä'\n".encode("latin-1")])
def test_line_ends_marks_and_encodings_stay(around, data):
    path = around.workspace.root / "other.py"
    path.write_bytes(data)
    called(RENAME, around, path="other.py", old="total()", new=" price ")
    assert path.read_bytes() == data.replace(b"total", b"price")


def test_what_cannot_be_renamed_is_told_with_what_is_there(around):
    said = failure(RENAME, around, path="page.js", old="total", new="price")
    assert said == "page.js does not use the name total; Now rename total in cart.py (2), main.py (2) too."
    assert "no name" in failure(RENAME, around, path="cart.py", old="total(items)", new="price")
    assert "no name" in failure(RENAME, around, path="cart.py", old="total", new="a b")
    assert "both total" in failure(RENAME, around, path="cart.py", old="total", new="total")
    with pytest.raises(ToolFailed, match="nowhere"):
        planned(RENAME, around, path="nowhere.py", old="total", new="price")
    assert text_of(around, "cart.py") == CART


def test_files_that_may_not_be_read_unasked_are_not_told(around):
    shy = around_of(around.workspace.root, may_read=lambda path: path != "main.py")
    assert called(RENAME, shy, path="cart.py", old="total", new="price").text.endswith(
        "No file uses the name total now."
    )


NAMES = st.from_regex(r"[a-c_][a-c_1$]{0,3}", fullmatch=True)


@given(
    st.lists(NAMES | st.sampled_from([" ", ".", "(", "\n", "ä", "$"])),
    st.from_regex(r"[a-c_][a-c_1]{0,2}", fullmatch=True),
)
def test_what_is_not_the_name_stays_as_it_was(tmp_path_factory, parts, old):
    root = tmp_path_factory.mktemp("fuzz")
    text = "".join(parts)
    (root / "a.py").write_bytes(text.encode())
    around = around_of(root)
    try:
        called(RENAME, around, path="a.py", old=old, new="fresh_name")
    except ToolFailed:
        assert text_of(around, "a.py") == text
    else:
        after = text_of(around, "a.py")
        assert "fresh_name" in after
        assert after.replace("fresh_name", old) == text
