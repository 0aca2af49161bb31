"""Output that was written over itself, as a person would see it in the end."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demiurgic.sandbox.printed import settled, settled_so_far


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("one\ntwo\n", "one\ntwo\n"),
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        (" 1%\r 50%\r100%\ndone\n", "100%\ndone\n"),
        ("downloading\rdone", "doneloading"),  # a program that leaves the rest leaves it on the screen
        ("downloading\r\x1b[Kdone", "done"),
        ("downloading\rdone\x1b[K", "done"),
        ("downloading\r\x1b[2Kdone\n", "done\n"),
        ("waiting\r", "waiting"),
        ("\r\r\n\r", "\n"),
        ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
    ],
)
def test_a_line_is_what_it_was_in_the_end(printed: str, shown: str) -> None:
    assert settled(printed) == shown


def on_a_terminal(printed: str) -> str:
    """The plainest terminal: cells, and a place where the next character goes."""
    lines, at = [dict[int, str]()], 0
    for character in printed:
        if character == "\n":
            lines.append({})
        at = 0 if character in "\r\n" else at + 1
        if character not in "\r\n":
            lines[-1][at - 1] = character
    return "\n".join("".join(cells[column] for column in sorted(cells)) for cells in lines)


@given(st.text(alphabet="ab\r\n", max_size=40))
def test_a_terminal_shows_the_same(printed: str) -> None:
    assert settled(printed) == on_a_terminal(printed)


@given(st.text(alphabet="abc\r", max_size=30), st.lists(st.integers(0, 30), max_size=6))
def test_pieces_of_any_size_come_to_the_same(line: str, cuts: list[int]) -> None:
    partial = ""
    for start, end in pairwise([0, *sorted(cuts), len(line)]):
        partial = settled_so_far(partial + line[start:end])
    assert settled(partial) == settled(line)


def test_a_bar_of_any_length_takes_the_room_of_one_line() -> None:
    partial = ""
    for done in range(10_000):
        partial = settled_so_far(f"{partial}\r{done:5} of 10000")
    assert len(partial) < 50
