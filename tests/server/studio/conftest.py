"""A studio with a few files in its folder, and a browser."""

import json

import pytest
from support.studio import BUILD, browser, studio
from support.studio_page import opened
from support.tiny_models import make_glm

LABELS = ("weather", "music", "alarm")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    BUILD.mkdir(parents=True, exist_ok=True)
    home = tmp_path_factory.mktemp("page")
    work = home / "work"
    work.mkdir()
    make_glm(work / "base.gguf")
    make_glm(work / "tuned.gguf")
    (work / "labels.txt").write_text("\n".join(LABELS))
    said = [("will it rain", "weather"), ("play a song", "music"), ("wake me at six", "alarm")] * 3
    (work / "test.jsonl").write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in said))
    answers = ["It comes after the number before it, and before the next.", "No.", "I cannot help with that."]
    lines = [
        {"messages": [{"role": "user", "content": f"What is {at}?"}, {"role": "assistant", "content": answer}]}
        for at, answer in enumerate(answers)
    ]
    (work / "mixed.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with studio(home) as running:
        yield running


@pytest.fixture(scope="module")
def chromium():
    """While it is open its loop runs in this thread, and no other test can begin one."""
    with browser() as opened:
        yield opened


@pytest.fixture
def page(house, chromium):
    """One that has entered; whatever it complains of is a failure."""
    yield from opened(chromium, house)
