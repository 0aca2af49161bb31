"""Rows that say the same are found, exactly or nearly; the first of them is the one that stays."""

import random
from itertools import pairwise
from pathlib import Path

import pytest
from support.rows import talk

from demiurgic.messages import Assistant, System, ToolCall, User
from demiurgic_training.duplicates import Duplicates, Kind
from demiurgic_training.rows import Row, asked
from demiurgic_training.signatures import Signing
from demiurgic_training.words import tokens, words


@pytest.fixture(scope="module")
def signing() -> Signing:
    return Signing()


def found(folder: Path, signing: Signing, rows: list[Row], alike: float | None = 0.7) -> list[tuple[Kind, int]]:
    with Duplicates(folder, alike) as duplicates:
        for row in rows:
            duplicates.add(signing(row))
        result = duplicates.found()
        return [result[number] for number in range(len(rows))]


def text_of(seed: int, length: int = 120) -> list[str]:
    chance = random.Random(seed)
    return [f"word{chance.randrange(10_000)}" for _ in range(length)]


def test_the_first_of_the_same_stays(tmp_path: Path, signing: Signing):
    rows = [talk(1), talk(2), talk(1), talk(3), talk(2), talk(1)]
    assert found(tmp_path, signing, rows) == [
        (Kind.NEW, -1),
        (Kind.NEW, -1),
        (Kind.EXACT, 0),
        (Kind.NEW, -1),
        (Kind.EXACT, 1),
        (Kind.EXACT, 0),
    ]


def test_blanks_capitals_and_instructions_make_no_difference(tmp_path: Path, signing: Signing):
    rows = [asked("What is it?", "It is a cat."), asked("WHAT  is it?\n", "It is\n\na cat.", system="Be brief.")]
    assert found(tmp_path, signing, rows) == [(Kind.NEW, -1), (Kind.EXACT, 0)]


def test_who_says_it_and_what_is_called_make_a_difference(tmp_path: Path, signing: Signing):
    calls = [Row((User("go"), Assistant("", calls=(ToolCall("1", "move", {"to": to}),)))) for to in ("north", "south")]
    rows = [Row((User("yes"), Assistant("no"))), Row((User("yesno"), Assistant(""))), *calls, Row((System("x"),))]
    assert {kind for kind, _ in found(tmp_path, signing, rows, alike=None)} == {Kind.NEW}


def test_near_ones_are_found_and_others_are_not(tmp_path: Path, signing: Signing):
    rows: list[Row] = []
    for seed in range(60):
        said = text_of(seed)
        nearly = [*said[:60], "changed", *said[61:]]
        loosely = [*said[:50], *text_of(seed + 1000, 70)]
        rows += [asked("?", " ".join(each)) for each in (said, nearly, loosely)]
    kinds = found(tmp_path, signing, rows)
    for seed in range(60):
        assert [kind for kind, _ in kinds[3 * seed : 3 * seed + 3]] == [Kind.NEW, Kind.NEAR, Kind.NEW]
        assert kinds[3 * seed + 1][1] == 3 * seed
    assert {kind for kind, _ in found(tmp_path, signing, rows, alike=None)} == {Kind.NEW}


def test_what_is_like_a_dropped_one_only_stays(tmp_path: Path, signing: Signing):
    """Each differs a little from the one before it; the last has nothing of the first."""
    said, rows = text_of(1), []
    for step in range(0, 120, 12):
        said = [*said[:step], *text_of(500 + step, 12), *said[step + 12 :]]
        rows.append(asked("?", " ".join(said)))
    kinds = found(tmp_path, signing, rows)
    assert kinds[0] == (Kind.NEW, -1)
    assert kinds[-1][0] is not Kind.EXACT
    new = [number for number, (kind, _) in enumerate(kinds) if kind is Kind.NEW]
    assert len(new) > 1
    assert all(later - earlier > 1 for earlier, later in pairwise(new))


def test_many_alike_in_one_heap_leave_one(tmp_path: Path, signing: Signing):
    said = text_of(7, 200)
    rows = [asked("?", " ".join([*said, f"number{number}"])) for number in range(300)]
    kinds = found(tmp_path, signing, rows)
    assert [kind for kind, _ in kinds].count(Kind.NEW) == 1


def test_no_rows_at_all(tmp_path: Path, signing: Signing):
    assert found(tmp_path, signing, []) == []


def test_words_of_any_language():
    assert words("Die Straße 2, don't!") == ["die", "strasse", "don", "t"]
    assert words("我有2只cats") == ["我", "有", "只", "cats"]
    assert tokens("f(x) = 文字") == ["f", "(", "x", ")", "=", "文", "字"]


def test_short_texts_in_chinese_are_told_apart(tmp_path: Path, signing: Signing):
    rows = [
        asked(question, "意图：6:咨询") for question in ("我想查询我的余额", "我想取消我的套餐", "我想查询我的余额")
    ]
    assert [kind for kind, _ in found(tmp_path, signing, rows)] == [Kind.NEW, Kind.NEW, Kind.EXACT]
