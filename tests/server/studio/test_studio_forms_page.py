"""Forms of the Data and Train tabs, each filled in on the page and run for real; models that answer are scripted."""

import json

import pytest
from support.fake_providers import FakeProvider, openai_answer
from support.studio import until
from support.studio_page import fill, go, picture, start
from support.teaching_server import TeachingServer

from demiurgic_training.web.pages import Page, write_index, write_page

SAID = "The library of the north campus is open from eight in the morning until ten in the evening."
TALK = {
    "session_meta": {
        "user_name": "Jon",
        "user_info": "A sailor",
        "bot_name": "Marit",
        "bot_info": "Keeps a lighthouse",
    },
    "messages": [
        {"role": "user", "content": "Are you awake?"},
        {"role": "assistant", "content": "The lamp never sleeps."},
    ],
}
PRICE = "=3/15usd"


def written(house, name):
    return [json.loads(line) for line in (house.work / name).read_text().splitlines()]


def scripted(text):
    """Judges for the longer of two answers, and answers."""
    if "Perhaps" in text:
        better = "first" if text.index("Because") < text.index("Perhaps") else "second"
        return json.dumps({"reason": "It gives one.", "better": better, "confidence": 8})
    return "Because the tide turns twice a day, the harbour keeps a table of its hours on the wall."


def unsure(text):
    return "Perhaps it is so, or perhaps it is not; who could say for certain what the sea will do."


@pytest.fixture
def teacher():
    with TeachingServer(write=scripted) as server:
        yield server


def name_of(server):
    return f"{server.url}/v1#m"


def test_questions_are_written_about_pages(house, page):
    about = Page("pages/library.txt", "http://host/", "The library")
    write_page(house.work / "site", about, f"The library\n{SAID}\n")
    write_index(house.work / "site", [about])
    go(page, "data", "qa")
    pair = {"quote": SAID, "question": "When is the library open?", "answer": "From eight."}
    with FakeProvider(openai_answer({"content": json.dumps({"pairs": [pair]})})) as writer:
        start(page, "qa", folder="site", model=name_of(writer), out="asked.jsonl", pairs="1")
    assert written(house, "asked.jsonl")[0]["meta"]["quote"] in SAID


def test_a_table_of_intents_is_divided(house, page):
    labels = ("weather", "music")
    lines = [f"say {label} {at},{label}" for label in labels for at in range(10)]
    (house.work / "intents.csv").write_text("\n".join(["text,label", *lines]))
    go(page, "data", "intents")
    start(page, "intents", source="intents.csv", labels="labels.txt", out="intents", ratio="8:1:1")
    assert len(written(house, "intents/train.jsonl")) == 16


def test_talks_with_a_character_become_rows(house, page):
    (house.work / "talks.jsonl").write_text(json.dumps(TALK, ensure_ascii=False))
    go(page, "data", "characters")
    start(page, "characters", sources="talks.jsonl", out="characters.jsonl")
    assert written(house, "characters.jsonl")[0]["messages"][-1]["content"] == "The lamp never sleeps."


def test_rows_are_split(house, page):
    rows = [
        {"messages": [{"role": "user", "content": f"What is {at} of it?"}, TALK["messages"][1]]} for at in range(20)
    ]
    (house.work / "whole.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    go(page, "data", "split")
    start(page, "split", sources="whole.jsonl", out="split")
    parts = [written(house, f"split/{name}.jsonl") for name in ("train", "validation", "test")]
    assert sum(map(len, parts)) == 20
    assert all(parts)


def estimated(page, form, **values):
    """Fill in a form that may cost money: what it will take stands there before anybody is asked."""
    job = start(page, form, **values)
    page.wait_for_selector(f".job[data-form={form}] .notice")
    assert "estimate" in job.inner_text()
    assert "--dry-run" in job.inner_text()
    return job


def begun(page, form):
    page.click(f".job[data-form={form}] button:text-is('Begin')")
    job = page.locator(f".job[data-form={form}]").first
    until(lambda: "--yes" in job.inner_text() and job.get_attribute("data-state") in ("done", "failed"))
    assert job.get_attribute("data-state") == "done", job.inner_text()
    return job


def test_teachers_write_examples_once_somebody_has_seen_the_price(house, page, teacher):
    (house.work / "tasks.txt").write_text("Say why the harbour keeps a table.\nSay what the tide does.\n")
    go(page, "data", "generate")
    values = {"count": "2", "mix": f"{name_of(teacher)}:1", "budget": "1usd", "tasks": "tasks.txt"}
    job = estimated(page, "generate", **values, price=name_of(teacher) + PRICE)
    until(lambda: "at most" in job.inner_text())
    assert "budget: 1.00 USD" in job.inner_text()
    picture(page, "estimate")
    assert not teacher.seen
    assert not (house.work / "generated").exists(), "an estimate leaves nothing behind"
    done = begun(page, "generate")
    until(lambda: "spent" in done.inner_text())
    assert page.locator(".job[data-form=generate]").count() == 1, "the estimate has served its purpose"
    assert len(written(house, "generated/rows.jsonl")) == len(teacher.seen) == 2


def test_pairs_are_judged_once_somebody_has_seen_the_price(house, page, teacher):
    (house.work / "topics.txt").write_text("the tide\nthe harbour\n")
    go(page, "data", "pairs")
    with TeachingServer(write=unsure) as other:
        names = [name_of(teacher), name_of(other)]
        fill(page, "pairs", models=names[0], price=names[0] + PRICE)
        for field, text in (("models", names[1]), ("price", names[1] + PRICE)):
            group = page.locator(f"form[data-form=pairs] .field:has([name={field}])")
            group.get_by_text("Add another").click()
            group.locator(f"[name={field}]").last.fill(text)
        values = {"prompts": "topics.txt", "template": "Write about {topic}.", "judge": names[0], "budget": "1usd"}
        estimated(page, "pairs", **values)
        assert not teacher.seen
        assert not other.seen
        begun(page, "pairs")
    pairs = written(house, "pairs/pairs.jsonl")
    assert [pair["chosen_model"] for pair in pairs] == [names[0]] * 2


def test_nothing_is_agreed_to_unseen(house, teacher):
    values = {"count": "2", "mix": name_of(teacher), "price": [name_of(teacher) + PRICE], "out": "unseen"}
    with house.client() as client:
        name = client.post("/studio/jobs", json={"form": "generate", "values": values}).json()["id"]
        assert client.post(f"/studio/jobs/{name}/agree").status_code == 409, "its estimate is not there yet"
        house.ended(name)
        again = client.post(f"/studio/jobs/{name}/again").json()
        assert "--dry-run" in again["command"]
        assert house.ended(again["id"])["order"]["then"] is True
    assert not teacher.seen


def test_a_whole_loop_is_estimated_and_its_teacher_not_paid_without_a_budget(house, page, teacher):
    go(page, "train", "distil")
    page.wait_for_selector("form[data-form=distil]")
    page.select_option("form[data-form=distil] [name=preset]", "tiny-loop")
    assert page.locator("form[data-form=distil] [name=student]").input_value() == "tiny-glm"
    page.click("form[data-form=distil] button[value=estimate]")
    page.wait_for_selector(".job[data-form=distil][data-state=done]")
    until(lambda: "free" in page.inner_text(".job[data-form=distil]"))
    fill(page, "distil", teacher="anthropic:claude-haiku-5-5")
    page.click("form[data-form=distil] button[value=estimate]")
    page.wait_for_selector(".job[data-form=distil][data-state=failed]")
    until(lambda: "there is no budget" in page.inner_text(".job[data-form=distil] >> nth=0"))
    assert page.locator(".job[data-form=distil] button:text-is('Begin')").count() == 1, (
        "only what has a price can begin"
    )
    fill(page, "distil", teacher="../elsewhere.gguf")
    page.click("form[data-form=distil] button[value=estimate]")
    page.wait_for_selector("form[data-form=distil] [role=alert]")
    assert "does not lie beneath" in page.inner_text("form[data-form=distil] [role=alert]")
