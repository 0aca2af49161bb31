"""Files that nobody of ours wrote, or that were cut off: they are told of, and nothing else suffers from them."""

import json
import os

import pytest
from support.studio import studio

NAMES = (
    "two words.jsonl",
    "a'b\"<img src=x>.jsonl",
    "evil\u202egnp.jsonl",
    "数据 🦊.jsonl",
    "$(touch pwned).jsonl",
    "#a?b&c%2e.jsonl",
)
ROW = {"messages": [{"role": "user", "content": "What?"}, {"role": "assistant", "content": "That."}]}
STATES = ("[]", "null", '{"step": ', '{"stage": "running", "step": NaN, "pid": 1}', '{"pid": "x"}', "[" * 50_000)


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    home = tmp_path_factory.mktemp("odd")
    work = home / "work"
    work.mkdir()
    (home / "secret.txt").write_text("hidden words")
    for name in NAMES:
        (work / name).write_text(json.dumps(ROW) + "\n")
    (work / "--yes.jsonl").write_text(json.dumps(ROW) + "\n")
    (work / "new\nline.jsonl").write_text("")
    (work / os.fsdecode(b"no-text-\xff.jsonl")).write_text("")
    for at, state in enumerate(STATES):
        folder = work / f"run-{at}"
        folder.mkdir()
        (folder / "state.json").write_text(state)
        (folder / "recipe.yaml").write_text("")
        (folder / "log.jsonl").write_text("null\n")
    for kind in ("report.json", "evaluation_results.json", "detailed_analysis.json"):
        (folder / kind).write_text("null")
    (folder / "manifest.json").symlink_to(home / "secret.txt")
    (folder / "more.md").symlink_to(home / "secret.txt")
    with studio(home) as running:
        yield running


def ask(odd, place, **query):
    with odd.client() as client:
        answer = client.get(place, params=query)
    assert answer.status_code == 200, (place, query, answer.text)
    assert "hidden words" not in answer.text
    return answer.json()


def test_every_file_of_a_speakable_name_is_offered_and_read(odd):
    offered = ask(odd, "/studio/files", ending=".jsonl")
    assert {*NAMES, "./--yes.jsonl"} == {name for name in offered if not name.startswith("run-")}
    for name in (*NAMES, "./--yes.jsonl"):
        assert [line["value"] for line in ask(odd, "/studio/rows", path=name)["lines"]] == [ROW]


def test_a_file_that_is_named_like_a_flag_is_a_file(odd):
    name = odd.start_job("convert", sources=["--yes.jsonl"], out="-made.jsonl")
    assert odd.ended(name)["state"] == "done"
    assert odd.job(name)["command"] == "demiurgic data convert rows ./--yes.jsonl --out=./-made.jsonl"
    assert ask(odd, "/studio/rows", path="-made.jsonl")["lines"]


def test_rows_that_cannot_be_read_stand_beside_those_that_can(odd):
    lines = [
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"cut": "\\ud83d"}',
        b"[" * 50_000,
        b'{"a":' * 300 + b"1" + b"}" * 300,
        b"\xff\xfe",
    ]
    far = b'{"file": "mixed.jsonl", "line": 100000000000, "filter": "x", "reason": "y"}'
    (odd.work / "mixed.jsonl").write_bytes(b"\n".join([*lines, far, json.dumps(ROW).encode()]))
    values = [line["value"] for line in ask(odd, "/studio/rows", path="mixed.jsonl", count=100)["lines"]]
    assert values[0] == {"a": None}
    assert values[2] == {"cut": "?"}
    assert values[3] == "[" * 50_000 + "\n"
    assert values[-1] == ROW
    assert len(values) == 8


def test_a_huge_file_comes_in_parts(odd):
    with (odd.work / "zeros.jsonl").open("wb") as file:
        file.truncate(3 << 30)
    (odd.work / "wide.jsonl").write_text((json.dumps({"text": "x" * 900_000}) + "\n") * 20)
    assert ask(odd, "/studio/rows", path="zeros.jsonl", count=100)["next"] <= 2 << 20
    wide = ask(odd, "/studio/rows", path="wide.jsonl", count=20)
    assert len(wide["lines"]) == 2
    assert len(ask(odd, "/studio/rows", path="wide.jsonl", count=20, after=wide["next"])["lines"]) == 2
    assert ask(odd, "/studio/rows", path="wide.jsonl", after=2**52) == {**wide, "lines": [], "next": None}


def test_runs_of_which_nothing_can_be_read_are_listed_still(odd):
    runs = ask(odd, "/studio/runs")
    assert {run["folder"] for run in runs} == {f"run-{at}" for at in range(len(STATES))}
    assert not any(run["alive"] for run in runs)
    for run in runs:
        assert ask(odd, "/studio/runs/log", path=run["folder"])["text"] == "null\n"


def test_a_link_in_a_run_or_report_leads_nowhere_else(odd):
    folder = f"run-{len(STATES) - 1}"
    (odd.work / "run-0" / "recipe.yaml").unlink()
    (odd.work / "run-0" / "recipe.yaml").symlink_to(odd.home / "secret.txt")
    assert ask(odd, "/studio/runs/log", path="run-0")
    assert ask(odd, "/studio/runs")
    assert all(isinstance(found["summary"], dict) for found in ask(odd, "/studio/reports"))
    assert "manifest.json" not in ask(odd, "/studio/report", path=folder)["files"]


@pytest.mark.parametrize(
    "recipe", [{"out": "q", "--resume": 1}, {"out": ["q"]}, {"out": " "}, {"out": "q", "data": {"--x": 1}}]
)
def test_a_recipe_that_is_none_is_refused(odd, recipe):
    with odd.client() as client:
        answer = client.post("/studio/train", json={"do": "start", "recipe": recipe, "preset": "tiny-glm"})
    assert answer.status_code == 400, answer.text
