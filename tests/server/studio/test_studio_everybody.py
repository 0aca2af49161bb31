"""The studio's page for everybody: nothing is cut, nothing keeps anybody out, and a keyboard is enough."""

import json
import threading

import pytest
from support.fake_providers import FakeProvider, openai_answer, openai_call
from support.local_site import LocalSite, Reply
from support.studio import BUILD, axe, until
from support.studio_page import HIDDEN_FOLDS, fill, fill_chat, go, looks, opened
from support.studio_results import BEGAN, export, humaneval_run, intents_test, record, step

SERIOUS = ("serious", "critical")
SCREENS = [(width, scheme) for width in (1280, 400) for scheme in ("light", "dark")]


class Examiner:
    """Looks at a page on each screen, and leaves pictures in build/studio, for eyes."""

    def __init__(self, page):
        self.page, self.problems = page, []
        page.evaluate(axe().read_text())

    def look(self, name):
        for screen in self._screens():
            self.page.screenshot(path=BUILD / f"{name}-{screen}.png", full_page=True)
        folds = self.page.evaluate_handle("[...document.querySelectorAll('details:not([open])')]")
        self.page.evaluate(HIDDEN_FOLDS)
        for screen in self._screens():
            self._examine(f"{name}-{screen}")
        self.page.evaluate("(folds) => { for (const each of folds) each.open = false }", folds)

    def _screens(self):
        for width, scheme in SCREENS:
            self.page.set_viewport_size({"width": width, "height": 900})
            self.page.emulate_media(color_scheme=scheme)
            yield f"{width}-{scheme}"

    def _examine(self, name):
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.problems += [f"{name} is {wide} too wide"] * (wide > 0)
        found = self.page.evaluate("axe.run({ resultTypes: ['violations'] }).then((told) => told.violations)")
        self.problems += [f"{name}: {v['id']} {v['nodes'][0]['html']}" for v in found if v["impact"] in SERIOUS]


@pytest.fixture
def examiner(house, chromium):
    for page in opened(chromium, house, bypass_csp=True):
        made = Examiner(page)
        yield made
        assert made.problems == []


def test_every_view_as_it_opens(examiner):
    for name in looks(examiner.page):
        examiner.look(name)


def test_a_job_that_runs_one_that_failed_and_a_form_that_is_wrong(examiner):
    page = examiner.page
    go(page, "data", "split")
    fill(page, "split", sources="../elsewhere.jsonl")
    page.click("form[data-form=split] button[type=submit]")
    page.wait_for_selector("[role=alert]")
    examiner.look("wrong")
    go(page, "data", "crawl")
    with LocalSite({"/": Reply(b"<p>Slow</p>")}) as local:
        local.held = {"/": threading.Event()}
        fill(page, "crawl", url=local.url, out="slow", private=True)
        page.click("form[data-form=crawl] button[type=submit]")
        page.wait_for_selector(".job[data-state=running]")
        examiner.look("job-running")
        page.click(".job button:text-is('Stop')")
        local.held["/"].set()
        page.wait_for_selector(".job[data-state=stopped], .job[data-state=done]")
    fill(page, "crawl", url="no address")
    page.click("form[data-form=crawl] button[type=submit]")
    page.wait_for_selector(".job[data-state=failed]")
    until(lambda: "address" in page.inner_text(".job[data-state=failed] pre"))
    examiner.look("job-failed")


def test_rows_with_the_reasons_of_their_drops(examiner, house):
    told = {"file": "mixed.jsonl", "line": 2, "filter": "length", "reason": "2 letters"}
    (house.work / "some.dropped.jsonl").write_text(json.dumps(told) + "\n")
    page = examiner.page
    go(page, "data", "rows")
    for name, shown in (("some.dropped.jsonl", ".reason"), ("mixed.jsonl", ".message"), ("test.csv", "[role=region]")):
        (house.work / "test.csv").write_text("text,label\nwill it rain,weather\n")
        page.fill("[name=path]", name)
        page.press("[name=path]", "Enter")
        page.wait_for_selector(f"main {shown}")
        examiner.look(f"rows-{name}")


def test_runs_that_go_and_that_are_done(examiner, house):
    lines = (BEGAN, *(step(at, 4.0 - at / 8) for at in range(1, 20)))
    record(house.work / "going", *lines, pid=house.process.pid)
    record(house.work / "gone", *lines, stage="done")
    page = examiner.page
    go(page, "train")
    page.wait_for_selector("form[data-form=recipe]")
    for name, chip in (("going", "running"), ("gone", "done")):
        page.click(f"[data-run={name}]")
        page.wait_for_selector(f"[data-run-view={name}] .chip.{chip}")
        page.wait_for_selector(f"[data-run-view={name}] .smooth")
        examiner.look(f"run-{name}")


def test_results_and_their_comparison(examiner, house):
    humaneval_run(house.work / "he")
    intents_test(house.work / "first", [[2, 1, 0, 0], [0, 3, 0, 0], [1, 1, 0, 1]])
    intents_test(house.work / "second", [[3, 0, 0, 0], [1, 2, 0, 0], [0, 0, 3, 0]])
    intents_test(house.work / "other", [[1, 0, 0], [0, 1, 0]], ("a", "b"))
    export(house.work / "exported")
    page = examiner.page
    go(page, "evaluate")
    page.click("[data-report=he]")
    page.wait_for_selector("section[aria-label=he]")
    examiner.look("humaneval-report")
    page.click("[data-report=first]")
    page.select_option("#other-test", "other")
    page.wait_for_selector("text=cannot be compared")
    page.select_option("#other-test", "second")
    page.wait_for_selector(".changes")
    assert page.locator(".matrix").count() == 3
    rows = [row.split() for row in page.locator(".changes tbody tr").all_inner_texts()]
    assert rows == [["alarm", "3", "0", "3", "+3"], ["weather", "3", "2", "3", "+1"], ["music", "3", "3", "2", "−1"]]
    examiner.look("intents-compared")
    go(page, "export")
    page.click("[data-report$='tiny.certificate.json']")
    page.wait_for_selector("section[aria-label$='tiny.certificate.json']")
    examiner.look("export-report")


def test_talks_with_answers(examiner):
    page = examiner.page
    write = openai_call("write", json.dumps({"path": "done.txt", "content": "yes\nindeed\n"}))
    script = (
        openai_answer({"content": "\n\nThe tide "}, {"content": "turns."}),
        openai_answer({"content": "The lamp never sleeps."}),
        openai_answer(*write, finish="tool_calls"),
    )
    with FakeProvider(*script, *[openai_answer({"content": "As you wish."})] * 2) as provider:
        model = f"{provider.url}/v1#m"
        for kind, answer in (
            ("talk", "text=The tide turns."),
            ("character", "text=The lamp"),
            ("agent", ".asks .diff"),
        ):
            go(page, "chat", kind)
            fill_chat(page, model=model, **({"bot_name": "Marit"} if kind == "character" else {}))
            page.fill("#say", "What is there?")
            page.press("#say", "Enter")
            page.wait_for_selector(answer)
            page.wait_for_selector("button:text-is('Unload')")
            examiner.look(f"{kind}-answered")
            if kind == "talk":
                said = page.locator("section[aria-label^='Talk with'] .said").last.text_content()
                assert said == "The tide turns.", "empty lines before an answer are no part of it"
        page.click("button:text-is('Deny')")
        page.wait_for_selector("text=As you wish.")
    go(page, "chat", "intent")
    fill_chat(page, model="base.gguf", labels="weather\nmusic", text="will it rain")
    page.click("text=Classify")
    page.wait_for_selector("table .bar")
    examiner.look("intent-answered")


def test_a_studio_that_does_not_answer(examiner):
    examiner.page.context.set_offline(True)
    examiner.page.wait_for_selector("#banner:not([hidden])")
    examiner.look("no-studio")


def test_the_page_of_strangers(house, chromium):
    context = chromium.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(f"{house.url}/?token=wrong")
    examiner = Examiner(page)
    examiner.look("locked")
    context.close()
    assert examiner.problems == []


def test_the_keyboard_reaches_everything(page):
    reach = "a[href], button:not(:disabled), input, select, textarea, summary"
    page.evaluate("document.addEventListener('focusin', (event) => { event.target.dataset.reached = 1 })")
    for name in looks(page):
        page.evaluate(HIDDEN_FOLDS)
        page.evaluate("document.querySelectorAll('[data-reached]').forEach((each) => delete each.dataset.reached)")
        page.locator(".skip").focus()
        for _ in range(page.locator(reach).count() + 10):
            page.keyboard.press("Tab")
        missed = page.evaluate(
            f"[...document.querySelectorAll('{reach}')]"
            ".filter((each) => !each.dataset.reached && each.checkVisibility()).map((each) => each.outerHTML)"
        )
        assert missed == [], name


def test_a_page_can_be_worked_without_a_mouse(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.locator("nav a[data-tab=chat]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('Chat')")
