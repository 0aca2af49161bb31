"""The read tool: which lines come, what is said of the others, and files of every kind."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.tool_calls import called, failure, planned, surroundings

from demiurgic.errors import ToolFailed
from demiurgic.tools.protocol import Effect, EffectKind
from demiurgic.tools.read import ReadTool

READ = ReadTool()


@pytest.fixture
def around(tmp_path):
    (tmp_path / "work").mkdir()
    return surroundings(tmp_path / "work")


def put(around, name, data):
    (around.workspace.root / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def test_a_small_file_comes_whole_with_numbers(around):
    put(around, "a.py", "one\n\ttwo\r\nthree")
    assert called(READ, around, path="a.py").text == "1\tone\n2\t\ttwo\n3\tthree"
    assert planned(READ, around, path="./a.py").effects == (Effect(EffectKind.READ, "a.py"),)


@pytest.mark.parametrize(
    ("arguments", "shown", "note"),
    [
        ({"offset": 3}, (3, 10), "[lines 3-10 of 10]"),
        ({"offset": 3, "limit": 2}, (3, 4), "[lines 3-4 of 10; read on with offset=5]"),
        ({"limit": 10}, (1, 10), ""),
        ({"offset": -2}, (9, 10), "[lines 9-10 of 10]"),
        ({"offset": -99, "limit": 1}, (1, 1), "[lines 1-1 of 10; read on with offset=2]"),
        ({"offset": 0}, (1, 10), ""),
    ],
)
@pytest.mark.parametrize("size", ["small", "large"])
def test_ranges_are_counted_from_either_end(around, arguments, shown, note, size):
    width = 10 if size == "small" else 1_200_000  # past what is read whole
    put(around, "a.txt", "".join(f"line {n}".ljust(width, ".") + "\n" for n in range(1, 11)))
    around = surroundings(around.workspace.root, 1 << 20)
    text = called(READ, around, path="a.txt", **arguments).text
    first, last = shown
    if size == "small":
        lines = [f"{n}\t{f'line {n}'.ljust(width, '.')}" for n in range(first, last + 1)]
        assert text == "\n".join([*lines, *([note] if note else [])])
    else:
        assert text.startswith(f"{first}\tline {first}.")
        assert "more characters in this line" in text


@settings(max_examples=150, deadline=None)
@given(
    lines=st.integers(0, 40),
    offset=st.integers(-50, 50),
    limit=st.none() | st.integers(1, 50),
    room=st.integers(1, 200),
)
def test_every_range_is_lines_of_the_file_and_says_where_to_go_on(tmp_path_factory, lines, offset, limit, room):
    root = tmp_path_factory.mktemp("ranges")
    around = surroundings(root, room)
    put(around, "f", "".join(f"{n}\n" for n in range(1, lines + 1)))
    if lines and offset > lines:
        assert f"has only {lines} lines" in failure(READ, around, path="f", offset=offset)
        return
    text = called(READ, around, path="f", offset=offset, **({"limit": limit} if limit else {})).text
    if not lines:
        assert text == "The file is empty."
        return
    shown = [line.split("\t") for line in text.split("\n") if "\t" in line]
    numbers = [int(number) for number, _ in shown]
    assert numbers == [int(content) for _, content in shown]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert (f"offset={numbers[-1] + 1}]" in text) == (numbers[-1] < lines)
    if limit is None or limit >= lines:
        assert numbers[0] == max(offset, 1) or offset < 0


def test_what_does_not_fit_the_budget_is_cut_at_a_whole_line(around):
    put(around, "a.txt", "".join(f"this is line {n}\n" for n in range(1, 1001)))
    around = surroundings(around.workspace.root, 200)
    text = called(READ, around, path="a.txt").text
    assert around.budget.count(text) <= 200
    *lines, note = text.split("\n")
    assert len(lines) > 20
    assert lines[-1] == f"{len(lines)}\tthis is line {len(lines)}"
    assert note == f"[lines 1-{len(lines)} of 1000; read on with offset={len(lines) + 1}]"
    tail = called(READ, around, path="a.txt", offset=-1000).text
    assert "1000\tthis is line 1000" in tail
    assert tail.endswith("of 1000]")


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("caf\u00e9".encode(), "1\tcaf\u00e9"),
        ("caf\u00e9".encode("cp1252"), "1\tcaf\u00e9\n[encoding cp1252]"),
        ("\u4f60\u597d\uff0c\u4e16\u754c".encode("gb2312"), "1\t\u4f60\u597d\uff0c\u4e16\u754c\n[encoding gb2312]"),
        (b"\xff\xfe" + "caf\u00e9\n".encode("utf-16-le"), "1\tcaf\u00e9\n[encoding utf-16-le]"),
        (b"\xef\xbb\xbfx", "1\tx"),
        (b"\x81\x8d", "1\t\x81\x8d\n[encoding latin-1]"),
        (b"", "The file is empty."),
        (b"\n", "1\t"),
    ],
)
def test_encodings_are_read_and_named(around, data, shown):
    put(around, "f", data)
    assert called(READ, around, path="f").text == shown


def test_the_model_gets_the_exact_text_even_if_a_terminal_should_not(around):
    put(around, "f", "\x1b[31mred \u202e")
    assert called(READ, around, path="f").text == "1\t\x1b[31mred \u202e"


def test_what_cannot_be_read_is_said_with_what_is_there(around):
    put(around, "image.png", b"\x89PNG\0\0")
    put(around, "main.py", "")
    os.mkfifo(around.workspace.root / "fifo")
    assert failure(READ, around, path="image.png").startswith("image.png is a binary file")
    assert "did you mean main.py?" in failure(READ, around, path="mian.py")
    assert "the workspace is a folder" in failure(READ, around, path=".")
    assert "a FIFO" in failure(READ, around, path="fifo")
    assert "at least 1" in failure(READ, around, path="main.py", limit=-1)


@pytest.mark.slow
def test_a_sparse_gigabyte_is_no_burden(around):
    with (around.workspace.root / "sparse").open("wb") as file:
        file.truncate(1 << 30)
    assert "binary" in failure(READ, around, path="sparse")
    with (around.workspace.root / "log").open("wb") as file:
        file.write(b"a line of text\n" * 100_000)
        file.truncate(1 << 30)
    assert called(READ, around, path="log", limit=2).text.startswith("1\ta line of text\n2\ta line of text\n")
    assert called(READ, around, path="log", offset=100_000, limit=1).text.startswith("100000\ta line of text")
    assert "only 100001 lines" in failure(READ, around, path="log", offset=200_000)


def test_what_lies_outside_is_named_in_full_so_that_it_is_asked_about(around):
    outside = around.workspace.root.parent / "outside"
    outside.write_text("outside\n")
    (around.workspace.root / "link").symlink_to("../outside")
    (around.workspace.root / ".env").write_text("KEY=1\n")
    (around.workspace.root / "innocent").symlink_to(".env")
    for path in ("../outside", str(outside), "link"):
        plan = planned(READ, around, path=path)
        assert plan.effects == (Effect(EffectKind.READ, str(outside)),)
        assert plan.run(around).text == "1\toutside"
    plan = planned(READ, around, path="../nothing")
    with pytest.raises(ToolFailed, match="there is no"):
        plan.run(around)
    assert planned(READ, around, path="innocent").effects == (Effect(EffectKind.READ, ".env"),)


def test_a_file_that_becomes_a_link_after_it_was_judged_is_not_followed(around):
    put(around, "f", "harmless")
    (around.workspace.root.parent / "secret").write_text("secret")
    plan = planned(READ, around, path="f")
    (around.workspace.root / "f").unlink()
    (around.workspace.root / "f").symlink_to("../secret")
    with pytest.raises(Exception, match="link f ->"):
        plan.run(around)


def test_names_that_were_shown_spelled_out_are_understood(around):
    put(around, os.fsdecode(b"caf\xe9\n.txt"), "here")
    assert called(READ, around, path="caf\\xe9\\n.txt").text == "1\there"
