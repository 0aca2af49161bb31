"""The studio's page in a real browser: what a person does in it, on tiny models."""

import json
import threading

import psutil
import pytest
from support.fake_providers import FakeProvider, openai_answer, openai_call
from support.local_site import LocalSite, Reply
from support.studio import BUILD, axe, browser, studio, until
from support.tiny_models import make_glm

LABELS = ("weather", "music", "alarm")
PAGE = "<html><head><title>{0}</title></head><body><main><h1>{0}</h1><p>{1}</p>{2}</main></body></html>"
SAID = "The library of the north campus is open from eight in the morning until ten in the evening on every day. "
SERIOUS = ("serious", "critical")
HIDDEN_FOLDS = "for (const each of document.querySelectorAll('details')) each.open = true"


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
    with browser() as opened:
        yield opened


@pytest.fixture
def page(house, chromium):
    """One that has entered; whatever it complains of is a failure."""
    yield from opened(chromium, house)


def opened(chromium, house, **options):
    context = chromium.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(30_000)
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda told: wrong.append(told.text) if "Content Security" in told.text else None)
    page.goto(house.address)
    yield page
    context.close()
    assert wrong == []


def picture(page, name):
    """For eyes: in build/studio."""
    for width, scheme in ((400, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=BUILD / f"{name}-{width}-{scheme}.png", full_page=True)


def go(page, tab, step=""):
    page.click(f"nav a[data-tab={tab}]")
    if step:
        page.click(f".steps button[data-name={step}]")


def fill(page, form, **values):
    page.evaluate(HIDDEN_FOLDS)
    for name, value in values.items():
        field = page.locator(f"form[data-form={form}] [name={name}]").first
        field.set_checked(value) if isinstance(value, bool) else field.fill(value)


def start(page, form, **values):
    """Fill in a form, start it, and wait for its job to end well."""
    fill(page, form, **values)
    before = page.locator(f".job[data-form={form}]").count()
    page.click(f"form[data-form={form}] button[type=submit]")
    jobs = page.locator(f".job[data-form={form}]")
    until(lambda: jobs.count() > before or page.locator("form [role=alert]").all_inner_texts())
    job = jobs.first
    until(lambda: job.get_attribute("data-state") not in ("running", "stopping"), 120)
    assert job.get_attribute("data-state") == "done", job.inner_text()
    return job


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


def fill_chat(page, **values):
    page.evaluate(HIDDEN_FOLDS)
    for name, value in values.items():
        page.locator(f"main [name={name}]").first.fill(value)


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


# Training, told by a recorded log: what the page shows of a run that another process writes


def event(kind, **fields):
    return json.dumps({"kind": kind, **fields}) + "\n"


def step(at, loss):
    rest = {"epoch": at / 20, "gradient": 1.0, "tokens_per_second": 321.0, "peak_memory": 5e8, "seconds": at * 0.1}
    return event("step", step=at, steps=20, loss=loss, learning_rate=2e-4 * (1 - at / 20), margin=None, **rest)


def record(house, name, *lines, stage="running", pid=0):
    folder = house.work / name
    folder.mkdir(exist_ok=True)
    (folder / "recipe.yaml").write_text("model: tiny\n")
    with (folder / "log.jsonl").open("a") as log:
        log.writelines(lines)
    last = json.loads(lines[-1]).get("step", 0)
    state = {"stage": stage, "step": last, "steps": 20, "pid": pid, "problem": ""}
    (folder / "state.json").write_text(json.dumps(state))


def curve(page, view):
    return page.locator(f"{view} .plot").first.get_attribute("aria-label")


def test_a_runs_curve_moves_and_is_whole_again_in_another_page(house, page, chromium):
    about = {"method": "sft", "model": "tiny", "device": "cpu", "trained": 1, "parameters": 2, "rows": 3}
    record(house, "told-run", event("began", step=0, steps=20, **about), step(1, 4.0))
    go(page, "train")
    view = "[data-run-view=told-run]"
    page.click("[data-run=told-run]")
    page.wait_for_selector(f"{view} .plot")
    until(lambda: "at step 1" in curve(page, view))
    for at in range(2, 8):
        record(house, "told-run", step(at, 4.0 - at / 4))
    record(house, "told-run", event("sample", step=7, prompt="Who are you?", text="A small model."), step(8, 2.0))
    until(lambda: curve(page, view) == "Loss: from 4 at step 1 to 2 at step 8")
    page.wait_for_selector("text=A small model.")
    drawn = page.locator(f"{view} .smooth").first.get_attribute("d")
    page.fill("#smooth", "0")
    assert page.locator(f"{view} .smooth").first.get_attribute("d") != drawn
    for other in opened(chromium, house):
        go(other, "train")
        other.click("[data-run=told-run]")
        other.wait_for_selector(f"{view} [aria-label='Loss: from 4 at step 1 to 2 at step 8']")
        assert "Resume" in other.inner_text(view), "the process that wrote it is gone, and the page must say so"


# Training for real


def test_a_model_is_taught_measured_exported_and_talked_to(house, chromium):
    """The whole way, with a page that is closed in the middle of the training, and the training stopped and resumed."""
    view = "[data-run-view=taught]"
    for page in opened(chromium, house):
        go(page, "train")
        page.wait_for_selector("form[data-form=recipe]")
        page.select_option("[name=preset]", "tiny-glm")
        fill(page, "recipe", out="taught", steps="200", save_every="50", sample_every="50")
        page.click("form[data-form=recipe] button[value=estimate]")
        page.wait_for_selector(".job[data-form=estimate][data-state=done]", timeout=90_000)
        assert "memory" in page.inner_text(".job[data-form=estimate] pre").lower()
        page.click("form[data-form=recipe] button[value=start]")
        page.wait_for_selector(f"{view} .smooth", timeout=90_000)
        first = curve(page, view)
        until(lambda: curve(page, view) != first)  # noqa: B023 - the curve moves
        picture(page, "training")
    for page in opened(chromium, house, viewport={"width": 400, "height": 900}, color_scheme="dark"):
        go(page, "train")
        page.wait_for_selector(f"{view} .smooth")
        page.wait_for_selector(f"{view} >> text=running")
        until(lambda: int(curve(page, view).rpartition(" ")[2]) > 30)  # noqa: B023
        assert "step 1 to" in curve(page, view), "it begins at the beginning"
        page.click(f"{view} >> text=Stop")
        page.wait_for_selector(f"{view} .chip.stopped")
        stopped = int(curve(page, view).rpartition(" ")[2])
        page.click(f"{view} >> text=Resume")
        page.wait_for_selector(f"{view} .chip.done", timeout=90_000)
        until(lambda: curve(page, view).endswith("at step 200"))  # noqa: B023
        assert stopped < 200
        page.wait_for_selector("text=What does the cat say?")
        picture(page, "trained")
    for page in opened(chromium, house):
        go(page, "export")
        fill(page, "export", source="taught", name="taught")
        page.uncheck("[name=quant][value=Q4_K_M]")
        page.check("[name=quant][value=F16]")
        page.click("form[data-form=export] button[type=submit]")
        page.click("[data-report$='taught.certificate.json']", timeout=90_000)
        page.wait_for_selector("section[aria-label$='taught.certificate.json'] table")
        told = page.inner_text("section[aria-label$='taught.certificate.json']")
        assert "agrees with the original" in told
        assert "taught-F16.gguf" in told
        picture(page, "exported")
        go(page, "chat", "talk")
        fill_chat(page, model="taught", second="base.gguf", tokens="40")
        page.fill("#say", "What does the cat say?")
        page.press("#say", "Enter")
        said = page.locator("section[aria-label='Talk with taught'] .said").last
        until(lambda: "meow" in said.inner_text().lower())  # noqa: B023 - it has learned that
        picture(page, "talk")


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


# Everybody can use it


def looks(page):
    """Every view that the page has."""
    for tab in ("data", "train", "evaluate", "export", "chat"):
        go(page, tab)
        page.wait_for_timeout(300)
        names = [each.get_attribute("data-name") for each in page.locator(".steps button").all()]
        for name in names or [""]:
            if name:
                page.click(f".steps button[data-name={name}]")
            yield f"{tab}-{name}".strip("-")


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_and_nothing_keeps_anybody_out(house, chromium, width, scheme):
    """Leaves pictures in build/studio, for eyes."""
    script, problems = axe().read_text(), []
    screen = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "bypass_csp": True}
    for page in opened(chromium, house, **screen):
        page.evaluate(script)
        for name in looks(page):
            page.screenshot(path=BUILD / f"{name}-{width}-{scheme}.png", full_page=True)
            page.evaluate(HIDDEN_FOLDS)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            problems += [f"{name} is {wide} too wide"] * (wide > 0)
            found = page.evaluate("axe.run().then((told) => told.violations)")
            problems += [f"{name}: {v['id']} {v['nodes'][0]['html']}" for v in found if v["impact"] in SERIOUS]
    assert problems == []


def test_the_keyboard_reaches_everything(page):
    reach = "a[href], button:not(:disabled), input, select, textarea, summary"
    mark = "(() => { const node = document.activeElement; node.dataset.reached = 1; return node !== document.body })()"
    for name in looks(page):
        page.evaluate(HIDDEN_FOLDS)
        page.evaluate("document.querySelectorAll('[data-reached]').forEach((each) => delete each.dataset.reached)")
        page.locator(".skip").focus()
        page.evaluate(mark)
        for _ in range(page.locator(reach).count() + 40):
            page.keyboard.press("Tab")
            if not page.evaluate(mark):
                break
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
