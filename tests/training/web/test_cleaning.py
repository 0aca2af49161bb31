"""Folders of pages are cleaned by rules, and by a model that can only take lines away."""

import json
from pathlib import Path

import pytest
from support.fake_providers import Answer, FakeProvider, json_answer, openai_answer

from demiurgic.cli import main
from demiurgic_training.web.pages import Page, read_index, read_text, write_index, write_page

MOTTO = "厚德博学，求实创新"
LINES = ["第2页的第1条规定在这里说明清楚。", "第2页的第2条规定在这里说明清楚。"]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    pages = [Page(f"pages/{number}.txt", f"http://host/{number}", f"第{number}页") for number in range(6)]
    for number, page in enumerate(pages):
        noise = f"{MOTTO}\n上一篇：第{number}页\n版权所有 {number}"
        rules = LINES if number == 2 else []
        write_page(folder, page, "\n".join([noise, f"　　第{number}页的内容。", *rules]) if number else noise)
    write_index(folder, pages)
    return folder


def removing(*numbers: object) -> Answer:
    return openai_answer({"content": json.dumps({"remove": numbers})})


def test_rules_clean_a_folder_the_same_way_every_time(site, tmp_path, capsys):
    assert main(["data", "clean", str(site)]) == 0
    said = capsys.readouterr().out
    assert "5 pages left" in said
    assert "     1 pages of which nothing is left" in said
    assert "     6 lines: repeated on many pages" in said
    assert "     6 lines: navigation" in said
    assert "     6 lines: rights" in said
    target = tmp_path / "site-clean"
    pages = read_index(target)
    assert [page.url for page in pages] == [f"http://host/{number}" for number in range(1, 6)]
    assert read_text(target, pages[0]) == "第1页的内容。"
    assert pages[0].title == "第1页"
    before = {path: path.read_bytes() for path in target.rglob("*.*")}
    assert main(["data", "clean", str(site)]) == 0
    assert {path: path.read_bytes() for path in target.rglob("*.*")} == before


def test_a_model_names_lines_and_they_go(site, tmp_path):
    answers = [removing(), removing(2), removing(), removing(), removing()]
    with FakeProvider(*answers) as provider:
        assert main(clean_by(provider, site, tmp_path / "out")) == 0
    pages = read_index(tmp_path / "out")
    assert read_text(tmp_path / "out", pages[1]) == f"第2页的内容。\n{LINES[1]}"
    shown = [asked["messages"][-1]["content"] for asked in provider.asked]
    assert shown[1] == f"1: 第2页的内容。\n2: {LINES[0]}\n3: {LINES[1]}"
    assert provider.asked[0]["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize(
    "answer",
    [
        removing(1, 2, 3),  # more than half of it
        removing(2, 99),
        removing(0),
        removing("2"),
        removing(True),
        openai_answer({"content": "All of this is noise."}),
        openai_answer({"content": '{"remove": [2'}, finish="length"),
    ],
)
def test_an_answer_that_cannot_be_followed_takes_nothing(site, tmp_path, capsys, answer):
    with FakeProvider(removing(), answer, removing(), removing(), removing()) as provider:
        assert main(clean_by(provider, site, tmp_path / "out")) == 0
    assert "     1 answers of the model that could not be followed" in capsys.readouterr().out
    page = read_index(tmp_path / "out")[1]
    assert read_text(tmp_path / "out", page) == f"第2页的内容。\n{LINES[0]}\n{LINES[1]}"


def test_a_model_is_asked_once_though_the_work_was_cut_off(site, tmp_path):
    down = json_answer({"error": {"message": "no more money"}}, status=402)
    with FakeProvider(removing(), removing(2), down) as provider:
        assert main(clean_by(provider, site, tmp_path / "out")) == 1
        provider.script += [removing(), removing(), removing()]
        assert main(clean_by(provider, site, tmp_path / "out")) == 0
        assert main(clean_by(provider, site, tmp_path / "out")) == 0
    assert len(provider.asked) == 6
    page = read_index(tmp_path / "out")[1]
    assert read_text(tmp_path / "out", page) == f"第2页的内容。\n{LINES[1]}"


def test_long_pages_are_shown_in_parts(tmp_path):
    (tmp_path / "long").mkdir()
    lines = [f"第{number}行。" + "长" * 300 for number in range(100)]
    (tmp_path / "long" / "a.txt").write_text("\n".join(lines), "utf-8")
    with FakeProvider(removing(1), removing(), removing(20)) as provider:
        assert main(clean_by(provider, tmp_path / "long", tmp_path / "out")) == 0
    assert (tmp_path / "out" / "a.txt").read_text("utf-8").split("\n") == [*lines[1:99], ""]
    assert all(len(line) < 170 for asked in provider.asked for line in asked["messages"][-1]["content"].split("\n"))


def clean_by(provider: FakeProvider, source: Path, target: Path) -> list[str]:
    model = f"{provider.url}/v1#scripted"
    return ["data", "clean", str(source), "--out", str(target), "--model", model, "--parallel", "1"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none"], "no folder of pages"),
        (["site", "--out", "site"], "cleaned into itself"),
        (["site", "--out", "site/index.jsonl"], "name another folder with --out"),
        (["site", "--parallel", "0"], "at least 1"),
        (["site", "--model", "no-such-model"], "no-such-model"),
    ],
)
def test_wrong_input_is_one_line(site, tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert main(["data", "clean", *words]) == 2
    errors = capsys.readouterr().err
    assert said in errors
    assert errors.count("\n") == 1
