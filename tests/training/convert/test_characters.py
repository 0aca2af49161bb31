"""Talks with characters: who they are is known of the row, and CharacterGLM's own text comes of it."""

from pathlib import Path

import pytest
from support.rows import data, read_json, write_lines

from demiurgic.messages import Assistant, User
from demiurgic_training.convert.characters import persona_of, plain_text, read_talk
from demiurgic_training.rows import Row

META = {"user_name": "陆星辰", "user_info": "音乐人，导演", "bot_name": "苏梦远", "bot_info": "女歌手\n二十六岁"}
SAID = [
    {"role": "user", "content": "老师，我会努力的"},
    {"role": "assistant", "content": "我相信你。\n不要让我失望。"},
]
TEXT = (
    "以下是一段苏梦远和陆星辰之间的对话。\n关于苏梦远的信息：女歌手 二十六岁\n关于陆星辰的信息：音乐人，导演\n"
    "[陆星辰]老师，我会努力的\n[苏梦远]我相信你。 不要让我失望。\n"
)


@pytest.mark.parametrize("line", [{"session_meta": META, "messages": SAID}, {**META, "conversations": SAID}])
def test_a_talk_becomes_a_row_and_a_text(line):
    row = read_talk(line)
    assert row == Row((User("老师，我会努力的"), Assistant("我相信你。\n不要让我失望。")), meta={"character": META})
    assert plain_text(row) == TEXT


def test_whom_nobody_named_has_the_usual_name():
    row = read_talk({"session_meta": {"bot_name": "苏"}, "messages": SAID, "source": "x"})
    assert (persona_of(row).user_name, persona_of(row).bot_name, row.meta["source"]) == ("用户", "苏", "x")
    assert plain_text(Row((User("?"), Assistant("!")))).startswith("以下是一段助手和用户之间的对话。")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"messages": SAID}, "'bot_name' is missing"),
        ({"session_meta": {**META, "bot_name": "a]b"}, "messages": SAID}, "a bracket"),
        ({"session_meta": META, "messages": SAID[:1]}, "the character says nothing"),
        ({"session_meta": META}, "'messages' is NoneType"),
        ({"session_meta": {**META, "user_info": 3}, "messages": SAID}, "'user_info' is int"),
    ],
)
def test_what_is_wrong_is_told(line, reason: str):
    with pytest.raises(ValueError, match=reason):
        read_talk(line)


def test_the_command_writes_both_forms(tmp_path: Path):
    source = write_lines(tmp_path / "talks.jsonl", [{"session_meta": META, "messages": SAID}, {"messages": SAID}])
    done = data("convert", "characters", source, "--out", tmp_path / "rows.jsonl", "--plain", tmp_path / "plain.jsonl")
    assert (done.returncode, done.stdout) == (0, f"1 talks: {tmp_path / 'rows.jsonl'}\n")
    assert done.stderr.splitlines()[0].startswith(f"{source}, line 2: 'bot_name' is missing")
    assert read_json(tmp_path / "plain.jsonl") == [{"text": TEXT}]
    assert read_json(tmp_path / "rows.jsonl")[0]["meta"] == {"character": META}
