"""The page that compares: complete in itself, and deaf to what completions try."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from support.scored_runs import results_file, split

from demiurgic.evaluation.comparing.loading import load_runs
from demiurgic.evaluation.comparing.page import page
from demiurgic.evaluation.comparing.pairing import compare
from demiurgic.evaluation.comparing.showing import code
from demiurgic.evaluation.problems import Problem

HOSTILE = (
    "</pre></script><script>alert(1)</script><img src=x onerror=alert(2)>\"' {{ 7 * 7 }} &lt; \ud800 \x1b[2J \u202e"
)


class Elements(HTMLParser):
    """What a browser would find, and all the text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture
def built(tmp_path):
    def built(*passes, completion="    return 1\n", problems=None):
        files = [
            results_file(tmp_path / f"<b>{number}.jsonl_results.jsonl", each, completion)
            for number, each in enumerate(passes)
        ]
        return page(compare(load_runs(files)), problems)

    return built


def test_tasks_can_be_filtered_by_what_became_of_them(built):
    elements = Elements(built(*split(3, 2, 4, 1)))
    marks = [task["data-marks"].split() for task in elements.all("details") if task.get("class") == "task"]
    assert len(marks) == 10
    assert [sum(mark in each for each in marks) for mark in ("B-gained", "B-lost", "all-pass", "none-pass")] == [
        3,
        2,
        4,
        1,
    ]
    offered = {option["value"] for option in elements.all("option")} - {""}
    assert {mark for each in marks for mark in each} <= offered
    assert elements.open == []


def test_hostile_text_stays_text(built):
    first, other = split(1, 1, 1, 1)
    problem = Problem(HOSTILE, HOSTILE, "f", "")
    tasks = [{**passes, HOSTILE: [passed]} for passes, passed in ((first, True), (other, False))]
    source = built(*tasks, completion=HOSTILE, problems={HOSTILE: problem})
    elements = Elements(source)
    assert len(elements.all("script")) == 1
    assert not elements.all("img")
    assert not any(name.startswith("on") for _, attributes in elements.found for name in attributes)
    assert "{{ 7 * 7 }}" in elements.text
    assert elements.text.count(r"\ud800 \x1b[2J \u202e") >= 10
    source.encode()


def test_nothing_is_fetched_and_only_its_own_script_may_run(built):
    source = built(*split(1, 1, 1, 1))
    elements = Elements(source)
    assert not elements.all("link")
    assert not any("src" in attributes or "href" in attributes for _, attributes in elements.found)
    assert "url(" not in source
    assert "@import" not in source
    policy = next(meta["content"] for meta in elements.all("meta") if "http-equiv" in meta)
    script = re.search(r"<script>(.*)</script>", source, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none';")
    assert f"script-src 'sha256-{digest}';" in policy


def test_light_dark_and_narrow_screens_are_seen_to(built):
    source = built(*split(1, 1, 1, 1))
    assert source.count("@media (prefers-color-scheme: dark)") == 2
    assert "width=device-width" in source
    assert "@media (max-width" in source


def test_of_many_samples_one_of_each_kind_is_shown(built):
    tasks = {"T/0": [False, True, False, True]}
    elements = Elements(built(tasks, tasks))
    assert elements.text.count("2 of 4 pass") == 4
    assert len(elements.all("pre")) == 4


def test_code_is_coloured_and_cut_where_nobody_reads_on():
    assert '<span class="k">def</span>' in code("def f():\n    pass\n")
    long = code("x = 1\n" * 10_000)
    assert "and 40000 characters more" in long
    assert len(long) < 400_000


def test_what_honest_people_write_stays_as_it_is_on_the_page(built):
    assert "\U0001f469\u200d\U0001f4bb" in built(*split(1, 1, 1, 1), completion="    # \U0001f469\u200d\U0001f4bb\n")
