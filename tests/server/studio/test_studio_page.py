"""The studio's page in a real browser: what a person does in it, on tiny models."""

import json
import threading

import psutil
import pytest
from support.fake_providers import FakeProvider, openai_answer, openai_call
from support.local_site import LocalSite, Reply
from support.studio import studio, until
from support.studio_page import fill, fill_chat, go, opened, picture, start

LABELS = ("weather", "music", "alarm")
PAGE = "<html><head><title>{0}</title></head><body><main><h1>{0}</h1><p>{1}</p>{2}</main></body></html>"
SAID = "The library of the north campus is open from eight in the morning until ten in the evening on every day. "


def test_the_address_leaves_no_token_behind(page, house):
    assert page.url == f"{house.url}/"
    assert house.token not in page.content()
    assert page.evaluate("document.cookie") == ""


def test_a_site_is_crawled_cleaned_and_looked_at(page):
    links = "".join(f'<a href="/page{number}">Page {number}</a>' for number in range(4))
    pages = {"/": Reply(PAGE.format("Campus", SAID * 3, links).encode())}
    pages |= {f"/page{n}": Reply(PAGE.format(f"Page {n}", f"{SAID} Room {n}. " * 3, "").encode()) for n in range(4)}
    go(page, "data", "crawl")
    with LocalSite(pages) as local:
        start(page, "crawl", url=local.url, out="campus", delay="0", private=True)
    go(page, "data", "clean")
    start(page, "clean", folder="campus", out="campus-clean")
    go(page, "data", "rows")
    page.fill("[name=path]", "campus-clean/index.jsonl")
    page.press("[name=path]", "Enter")
    page.wait_for_selector(".rowcard")
    assert page.locator(".rowcard").count() >= 5


def test_the_reason_of_each_drop_is_shown(page):
    go(page, "data", "filter")
    start(page, "filter", sources="mixed.jsonl", out="kept.jsonl")
    go(page, "data", "rows")
    page.fill("[name=path]", "kept.dropped.jsonl")
    page.press("[name=path]", "Enter")
    page.wait_for_selector(".rowcard.dropped")
    told = page.locator(".rowcard.dropped").all_inner_texts()
    assert len(told) == 2
    picture(page, "dropped")
    assert all("Dropped by" in each and "What is" in each for each in told)


def test_what_is_wrong_is_said_in_the_form(page):
    go(page, "data", "split")
    fill(page, "split", sources="../elsewhere.jsonl")
    page.click("form[data-form=split] button[type=submit]")
    page.wait_for_selector("[role=alert]")
    assert "does not lie beneath" in page.inner_text("[role=alert]")


def test_intents_are_measured_and_their_confusion_shown(page):
    go(page, "evaluate", "intents-test")
    start(page, "intents-test", model="base.gguf", test="test.jsonl", labels="labels.txt", out="told")
    page.click("[data-report^=told]")
    page.wait_for_selector(".matrix")
    cells = page.locator(".matrix tbody td").all_inner_texts()
    assert sum(map(int, cells)) == 9
    picture(page, "confusion")
    assert page.locator(".matrix tbody th").all_inner_texts() == list(LABELS)


def test_humaneval_runs_are_measured_and_compared(page):
    go(page, "evaluate", "humaneval")
    for name in ("base", "tuned"):
        start(page, "humaneval", model=f"{name}.gguf", limit="2", tokens="16", out=f"he-{name}")
    page.wait_for_selector("[data-report=he-tuned]")
    page.click("[data-report=he-base]")
    page.wait_for_selector("section[aria-label=he-base]")
    assert "pass@1" in page.inner_text("section[aria-label=he-base]")
    go(page, "evaluate", "compare")
    job = start(page, "compare", first="he-base", others="he-tuned")
    until(lambda: "points" in job.inner_text())


def test_two_models_answer_side_by_side_and_give_their_memory_back(page, house):
    go(page, "chat", "talk")
    fill_chat(page, model="base.gguf", second="tuned.gguf", tokens="8")
    page.fill("#say", "the name of")
    page.press("#say", "Enter")
    page.wait_for_selector(".chip.ready:has-text('base.gguf') >> visible=true")
    page.wait_for_selector(".chip.ready:has-text('tuned.gguf')")
    assert page.locator(".talk").count() == 2
    assert page.locator(".talk .user .said").all_inner_texts() == ["the name of"] * 2
    engines = until(lambda: (found := engines_of(house)) and len(found) == 2 and found)
    page.click("[aria-label='Unload base.gguf']")
    page.wait_for_selector("[aria-label='Unload base.gguf']", state="detached")
    until(lambda: sum(psutil.pid_exists(pid) for pid in engines) == 1)
    page.click("[aria-label='Unload tuned.gguf']")
    page.wait_for_selector("text=No model is in memory")
    until(lambda: not engines_of(house))


def engines_of(house):
    """Processes that hold models."""
    children = psutil.Process(house.process.pid).children(recursive=True)
    return [each.pid for each in children if "worker" in " ".join(each.cmdline())]


def test_a_character_answers_as_its_persona_says(page):
    go(page, "chat", "character")
    with FakeProvider(openai_answer({"content": "The lamp "}, {"content": "never sleeps."})) as provider:
        model = f"{provider.url}/v1#keeper"
        fill_chat(page, model=model, bot_name="Marit", bot_info="Keeps a lighthouse.", user_name="Jon")
        page.fill("#say", "Are you awake?")
        page.press("#say", "Enter")
        page.wait_for_selector("text=The lamp never sleeps.")
        told = json.dumps(provider.asked[0])
    assert "You are Marit" in told
    assert "Keeps a lighthouse." in told
    page.click("[aria-label^='Unload']")


def test_an_intent_is_told_with_its_probabilities(page):
    go(page, "chat", "intent")
    page.fill("[data-form=intent] [name=model]", "base.gguf")
    page.fill("[data-form=intent] [name=labels]", "\n".join(LABELS))
    page.fill("[data-form=intent] [name=text]", "will it rain")
    page.click("text=Classify")
    page.wait_for_selector("table .bar")
    picture(page, "intent")
    shares = [float(each.split()[0]) for each in page.locator("table td.number").all_inner_texts()]
    assert len(shares) == 3
    assert sum(shares) == pytest.approx(100, abs=0.2)


def test_the_agent_asks_before_it_writes_and_shows_the_change(page, house, chromium):
    """Another page sees the same, and may answer."""
    write = openai_call("write", json.dumps({"path": "done.txt", "content": "yes\nindeed\n"}))
    script = openai_answer(*write, finish="tool_calls"), openai_answer({"content": "It is written."})
    go(page, "chat", "agent")
    with FakeProvider(*script) as provider:
        fill_chat(page, model=f"{provider.url}/v1#writer")
        page.fill("#say", "Write done.txt")
        page.press("#say", "Enter")
        page.wait_for_selector(".asks .diff .plus")
        picture(page, "agent-asks")
        assert page.locator(".asks .plus").all_inner_texts() == ["+ yes", "+ indeed"]
        assert not (house.work / "done.txt").exists()
        for other in opened(chromium, house):
            go(other, "chat", "agent")
            other.click(".asks >> text=Allow >> nth=0")
            other.wait_for_selector("text=It is written.")
        page.wait_for_selector("text=It is written.")
        page.wait_for_selector("text=Done")
    assert (house.work / "done.txt").read_text() == "yes\nindeed\n"
    assert page.locator(".asks").count() == 0


# Coming back


def test_an_open_page_outlives_its_server_and_shows_jobs_again(tmp_path, chromium):
    pages = {"/": Reply(PAGE.format("Campus", SAID * 3, '<a href="/slow">Slow</a>').encode())}
    pages["/slow"] = Reply(PAGE.format("Slow", SAID * 3, "").encode())
    with LocalSite(pages) as local, studio(tmp_path) as first:
        local.held = {"/slow": threading.Event()}
        for page in opened(chromium, first):
            go(page, "data", "crawl")
            fill(page, "crawl", url=local.url, out="campus", delay="0", private=True)
            page.click("form[data-form=crawl] button[type=submit]")
            page.wait_for_selector(".job[data-state=running]")
            until(lambda: local.counts["/slow"])
            first.kill()
            page.wait_for_selector("#banner:not([hidden])")
            assert "demiurgic studio" in page.inner_text("#banner")
            with studio(tmp_path, "--port", first.port) as again:
                page.wait_for_selector("#banner", state="hidden")
                assert page.locator(".job[data-state=running]").count() == 1
                for other in opened(chromium, again):
                    other.wait_for_selector(".job[data-state=running]")
                    local.held["/slow"].set()
                    other.wait_for_selector(".job[data-state=done]")
                    assert other.locator("[name=url]").input_value() == "", "a draft is of one browser"
                page.wait_for_selector(".job[data-state=done]")
                until(lambda: page.inner_text(".job pre").count("pages: campus") == 1)  # noqa: B023
                page.reload()
                page.wait_for_selector(".job[data-state=done]")
                assert page.locator("[name=url]").input_value() == local.url, "what was typed is there again"
