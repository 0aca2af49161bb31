"""Rows are divided the same way each time, by the shares that were asked for, and nothing leaks."""

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rows import data, read_json, refused, talk, write_lines, write_rows

from demiurgic.errors import UserError
from demiurgic_training.rows import asked, row_to_json
from demiurgic_training.splitting import Member, divide, member_of, parse_ratio

MEMBERS = st.lists(
    st.builds(
        Member,
        st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=2).map(tuple),
        st.sampled_from(["", "x", "y"]),
    ),
    max_size=40,
)


@given(MEMBERS, st.integers(0, 3))
def test_what_belongs_together_stays_together(members: list[Member], seed: int):
    sides = divide(members, (8, 1, 1), seed)
    assert len(sides) == len(members)
    of_key: dict[str, set[int]] = {}
    for member, side in zip(members, sides, strict=True):
        for key in member.keys:
            of_key.setdefault(key, set()).add(side)
    assert all(len(found) == 1 for found in of_key.values())


@given(MEMBERS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_where_each_stands_alone(members: list[Member], chance: random.Random):
    alone = [Member((f"{number}",)) for number in range(len(members))]
    order = list(range(len(alone)))
    chance.shuffle(order)
    mixed = divide([alone[at] for at in order], (8, 1, 1))
    assert [mixed[order.index(at)] for at in range(len(alone))] == divide(alone, (8, 1, 1))


def test_shares_are_kept_in_each_stratum():
    members = [Member((f"{number}",), "ab"[number % 2]) for number in range(400)]
    sides = divide(members, (8, 1, 1))
    for stratum in (0, 1):
        assert Counter(sides[stratum::2]) == {0: 160, 1: 20, 2: 20}
    assert divide(members, (8, 1, 1)) == sides
    assert divide(members, (8, 1, 1), seed=1) != sides


def test_pages_are_not_torn():
    rows = [talk(number).noting(page=f"page{number // 7}") for number in range(350)]
    sides = divide([member_of(row) for row in rows], (8, 1, 1))
    assert all(len(set(sides[at : at + 7])) == 1 for at in range(0, 350, 7))
    assert [count for _, count in sorted(Counter(sides).items())] == [280, 35, 35]


def test_the_same_conversation_on_two_pages_is_no_leak():
    rows = [talk(1).noting(page="a"), talk(2).noting(page="a"), talk(1).noting(page="b"), talk(3).noting(page="b")]
    for seed in range(20):
        assert len(set(divide([member_of(row) for row in rows], (1, 1), seed))) == 1


@pytest.mark.parametrize("text", ["8", "8:1:1:1", "a:b", "0:1", "-1:2", "8:0", "1.5:1", "", "8::1"])
def test_ratios_that_are_none(text: str):
    with pytest.raises(UserError, match="--ratio"):
        parse_ratio(text)


def test_ratios():
    assert parse_ratio("8:1:1") == (8, 1, 1)
    assert parse_ratio("9:0:1") == (9, 0, 1)


def test_the_command_divides_a_file(tmp_path: Path):
    rows = [row_to_json(talk(number).noting(page=f"{number // 3}", kind="ab"[number % 2])) for number in range(60)]
    source = write_lines(tmp_path / "rows.jsonl", [*rows[:30], "{bad\n", *rows[30:]])
    done = data("split", source, "--out", tmp_path / "sides", "--ratio", "8:1:1")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"train 48, validation 6, test 6: {tmp_path / 'sides'}\n"
    assert done.stderr.splitlines()[0].startswith(f"{source}, line 31: no JSON object")
    assert done.stderr.splitlines()[1] == "1 lines could not be read"
    sides = [read_json(tmp_path / "sides" / f"{name}.jsonl") for name in ("train", "validation", "test")]
    pages = [{row["meta"]["page"] for row in side} for side in sides]
    assert sum(map(len, pages)) == len(set.union(*pages)) == 20
    assert sorted(map(str, [row for side in sides for row in side])) == sorted(map(str, rows))


def test_wrong_input_is_told_in_one_line(tmp_path: Path):
    rows = write_rows(tmp_path / "rows.jsonl", [asked("a", "b")])
    empty = write_lines(tmp_path / "empty.jsonl", [])
    for words in (
        (rows, "--ratio", "8"),
        (empty,),
        (tmp_path,),
        (tmp_path / "none.jsonl",),
    ):
        refused("split", *words, "--out", tmp_path / "sides")
    refused("split", rows, "--out", rows)
    assert not (tmp_path / "sides").exists()
