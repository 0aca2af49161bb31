"""Questions and answers rest on passages that are on their page, or they are dropped and counted."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.fake_providers import SILENCE, Answer, FakeProvider, json_answer, openai_answer

from demiurgic.cli import main
from demiurgic.messages import Assistant, System, User
from demiurgic_training.files import read_rows
from demiurgic_training.rows import Row
from demiurgic_training.web.pages import Page, write_index, write_page

ABOUT = Page("pages/about.txt", "http://host/about", "学院概况", "2024-09-08")
HALLS = Page("pages/halls.txt", "http://host/halls", "宿舍")
TRUE = ("计算机学院成立于1985年", "计算机学院是哪一年成立的？", "1985年。")
FALSE = ("计算机学院成立于1986年", "计算机学院是哪一年成立的？", "1986年。")
HALL = ("宿舍楼共有十二栋", "宿舍楼有几栋？", "十二栋。")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    write_page(folder, ABOUT, "学院概况\n计算机学院成立于1985年，\n现有教师120人。")
    write_page(folder, HALLS, "宿舍楼共有十二栋，每间住四名学生。")
    write_index(folder, [ABOUT, HALLS])
    return folder


def writing(*pairs: tuple[str, str, str]) -> Answer:
    told = [dict(zip(("quote", "question", "answer"), pair, strict=True)) for pair in pairs]
    return openai_answer({"content": json.dumps({"pairs": told}, ensure_ascii=False)})


def qa(provider: FakeProvider, folder: Path, *words: str) -> list[str]:
    out = str(folder.parent / "qa.jsonl")
    return [
        "data",
        "qa",
        str(folder),
        "--model",
        f"{provider.url}/v1#scripted",
        "--out",
        out,
        "--parallel",
        "1",
        *words,
    ]


def rows(folder: Path) -> list[Row]:
    found = list(read_rows(folder.parent / "qa.jsonl"))
    assert all(isinstance(row, Row) for row in found)
    return found


def test_a_row_tells_where_it_is_from(site, capsys):
    with FakeProvider(writing(TRUE), writing(HALL)) as provider:
        assert main(qa(provider, site, "--system", "你是校园助手。")) == 0
    first, second = rows(site)
    assert first == Row(
        (System("你是校园助手。"), User(TRUE[1]), Assistant(TRUE[2])),
        meta={
            "source": "http://host/about",
            "page": "http://host/about",
            "quote": "计算机学院成立于1985年",
            "title": "学院概况",
            "date": "2024-09-08",
            "teacher": f"{provider.url}/v1#scripted",
            "kind": "qa",
        },
    )
    assert second.meta["page"] == "http://host/halls"
    assert capsys.readouterr().out.startswith("2 questions and answers from 2 portions of pages\n")


def test_the_page_is_shown_as_material_and_the_answer_is_bound(site):
    with FakeProvider(writing(TRUE), writing(HALL)) as provider:
        assert main(qa(provider, site, "--pairs", "2")) == 0
    asked = provider.asked[0]
    page = asked["messages"][1]["content"]
    mark = page.split("<page-")[1][:6]
    assert page.startswith("The page is called: 学院概况\n\n<page-")
    assert page.endswith(f"现有教师120人。\n</page-{mark}>")
    schema = asked["response_format"]["json_schema"]
    assert schema["strict"]
    assert schema["schema"]["properties"]["pairs"]["maxItems"] == 2
    assert "请一律用中文提问和回答" in asked["messages"][0]["content"]
    assert "最多 2 个" in asked["messages"][0]["content"]


def test_other_pages_are_asked_about_in_their_own_language(site):
    write_page(site, ABOUT, "The college was founded in 1985.")
    write_page(site, HALLS, "図書館は月曜日から金曜日まで開いています。")
    founded = ("The college was founded in 1985", "When was the college founded?", "In 1985.")
    with FakeProvider(writing(founded), writing()) as provider:
        assert main(qa(provider, site, "--pairs", "2")) == 0
    for asked in provider.asked:
        assert "no more than 2 pairs" in asked["messages"][0]["content"]


def test_what_cannot_be_believed_is_dropped_and_counted(site, capsys):
    halls = [HALL, ("宿舍楼", "宿舍楼叫什么？", "宿舍楼。"), ("每间住四名学生", "宿舍楼有几栋？", "再问一次。")]
    with FakeProvider(writing(TRUE, FALSE), writing(*halls)) as provider:
        assert main(qa(provider, site)) == 0
    assert [row.answer for row in rows(site)] == ["1985年。", "十二栋。"]
    said = capsys.readouterr().out
    assert "     2 dropped: the quote is not on the page\n" in said
    assert "     1 dropped: asked twice of one page\n" in said


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        (("学院概况是什么", "页面叫什么？", "学院概况。"), "the quote is not on the page"),
        (("学院概况", "页面叫什么？", "学院概况。"), "the quote is only the title"),
        ((TRUE[0], TRUE[1], "1985年9月。"), "the answer names a number that is not on the page"),
        ((TRUE[0], TRUE[1], "１９８６年。"), "the answer names a number that is not on the page"),
        ((TRUE[0], "1985年", "1985年"), "the answer repeats the question"),
        ((TRUE[0], " ", "1985年"), "something is missing"),
    ],
)
def test_a_pair_is_dropped_for_a_reason(site, capsys, pair, reason):
    with FakeProvider(writing(pair, TRUE), writing(HALL)) as provider:
        assert main(qa(provider, site)) == 0
    assert [row.answer for row in rows(site)] == ["1985年。", "十二栋。"]
    assert f"     1 dropped: {reason}\n" in capsys.readouterr().out


def test_the_quote_of_a_row_is_in_the_pages_own_words(site):
    loose = ("计算机学院成立于１９８５年; 现有教师 120 人", "计算机学院有多少名教师？", "120名。")
    with FakeProvider(writing(loose), writing(HALL)) as provider:
        assert main(qa(provider, site)) == 0
    assert rows(site)[0].meta["quote"] == "计算机学院成立于1985年，\n现有教师120人"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (openai_answer({"content": "我不知道。"}), "an answer that is none"),
        (openai_answer({"content": '{"pairs": [{"quote": "计'}, finish="length"), "an answer without an end"),
    ],
)
def test_an_answer_that_is_none_costs_its_portion_only(site, capsys, answer, reason):
    with FakeProvider(answer, writing(HALL)) as provider:
        assert main(qa(provider, site)) == 0
    assert [row.answer for row in rows(site)] == ["十二栋。"]
    assert f"     1 dropped: {reason}\n" in capsys.readouterr().out


def test_a_model_that_cannot_be_bound_is_asked_freely(site, capsys):
    refused = json_answer({"error": {"message": "response_format is not supported"}}, status=400)
    loose = json.dumps({"pairs": [{"question": "没有引文？", "answer": "没有。"}, "x", None]}, ensure_ascii=False)
    fenced = openai_answer({"content": f"Here:\n```json\n{loose}\n```"})
    with FakeProvider(refused, refused, fenced, writing(HALL)) as provider:
        assert main(qa(provider, site)) == 0
    assert ["response_format" in asked for asked in provider.asked] == [True, True, False, False]
    assert "     3 dropped: something is missing\n" in capsys.readouterr().out


def test_a_second_start_pays_for_nothing_twice(site):
    down = json_answer({"error": {"message": "no more money"}}, status=402)
    with FakeProvider(writing(TRUE), down) as provider:
        assert main(qa(provider, site)) == 1
        assert not (site.parent / "qa.jsonl").exists()
        provider.script += [writing(HALL)]
        assert main(qa(provider, site)) == 0
        assert main(qa(provider, site)) == 0
    assert len(provider.asked) == 3
    assert [row.answer for row in rows(site)] == ["1985年。", "十二栋。"]


def test_ctrl_c_does_not_wait_for_the_model(site):
    with FakeProvider(writing(TRUE), SILENCE) as provider:
        words = [sys.executable, "-m", "demiurgic", *qa(provider, site)]
        program = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 30
        while len(provider.asked) < 2:
            assert time.monotonic() < end
            time.sleep(0.02)
        begun = time.monotonic()
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=20)
        assert program.returncode == 130
        assert "Traceback" not in errors
        assert time.monotonic() - begun < 5
        provider.script += [writing(HALL)]
        assert main(qa(provider, site)) == 0
    assert [row.answer for row in rows(site)] == ["1985年。", "十二栋。"]


def test_long_pages_are_asked_about_in_portions_and_quotes_may_lie_anywhere_on_them(site):
    sentence = "第{}号实验室在主楼的第{}层，由第{}组的老师负责管理。"
    write_page(site, ABOUT, "\n".join(sentence.format(n, n, n) for n in range(40)))
    pair = (sentence.format(39, 39, 39), "第39号实验室在哪里？", "主楼第39层。")
    with FakeProvider(*(writing(pair) for _ in range(9))) as provider:
        assert main(qa(provider, site, "--letters", "200", "--pages", "1")) == 0
    shown = [asked["messages"][1]["content"] for asked in provider.asked]
    assert len(shown) > 4
    assert [row.answer for row in rows(site)] == ["主楼第39层。"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none"], "no folder of pages"),
        (["site", "--pairs", "0"], "--pairs is 0"),
        (["site", "--letters", "10"], "--letters is 10"),
        (["site", "--out", "site"], "site is a folder"),
        (["site", "--out", "none/qa.jsonl"], "there is no folder none"),
        (["site", "--model", "no-such-model"], "no-such-model"),
    ],
)
def test_wrong_input_is_one_line(site, monkeypatch, capsys, words, said):
    monkeypatch.chdir(site.parent)
    assert main(["data", "qa", *words]) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert errors.count("\n") == 1


def test_what_cannot_be_quoted_is_not_asked_about(site):
    write_page(site, HALLS, "宿舍\n……\n三层")
    with FakeProvider(writing(TRUE)) as provider:
        assert main(qa(provider, site)) == 0
    assert len(provider.asked) == 1


def test_no_row_at_all_is_said(site, capsys):
    with FakeProvider(writing(FALSE), writing()) as provider:
        assert main(qa(provider, site)) == 2
    assert "the quote is not on the page 1" in capsys.readouterr().err
    assert not (site.parent / "qa.jsonl").exists()
