"""What goes wrong in the studio's page, and what people do to it: it is said, and the page goes on."""

import json
import signal

import psutil
from support.local_site import LocalSite, Reply
from support.studio import studio, until
from support.studio_page import curve, fill, go, opened
from support.studio_results import BEGAN, event, export, humaneval_run, intents_test, record, step


def submit(page, form):
    page.click(f"form[data-form={form}] button[type=submit] >> nth=0")
    page.wait_for_selector(f"form[data-form={form}] [role=alert]")
    return page.inner_text(f"form[data-form={form}] [role=alert]")


def test_an_empty_form_leads_to_what_is_missing(page):
    for tab, form, field, label in (
        ("data", "crawl", "url", "Address to begin with"),
        ("data", "filter", "sources", "Rows"),
        ("evaluate", "humaneval", "model", "Model"),
        ("export", "export", "source", "Run or checkpoint"),
        ("train", "recipe", "out", "Folder of the run"),
    ):
        go(page, tab, "" if tab == "export" else form)
        page.wait_for_selector(f"form[data-form={form}]")
        assert f"“{label}”" in submit(page, form)
        assert page.evaluate("document.activeElement.name") == field
        assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    fill(page, "recipe", out="x")
    assert page.locator("form[data-form=recipe] details[open]").count() > 1, "what was unfolded stays so"


def test_a_wrong_value_under_more_options_is_unfolded(page):
    go(page, "data", "crawl")
    page.fill("[name=url]", "https://a.example")
    page.locator("[name=pages]").evaluate("(node) => { node.value = 'many' }")
    assert "no number" in submit(page, "crawl")
    assert page.locator("[name=pages]").is_visible()
    assert page.evaluate("document.activeElement.name") == "pages"


def test_names_of_files_are_said_as_they_are(page):
    go(page, "data", "rows")
    for name in ("nowhere.jsonl", "../nowhere.jsonl"):
        page.fill("[name=path]", name)
        page.press("[name=path]", "Enter")
        page.wait_for_selector(f"[role=alert]:has-text(\"'{name}'\")")


def test_addresses_that_lead_nowhere_show_the_first_tab(page, house):
    for place in ("data/%", "constructor", "data/constructor", "toString/x"):
        page.goto(f"{house.url}/#chat")
        page.evaluate(f"location.hash = '{place}'")
        page.wait_for_selector("h1:text-is('Data')")
    page.goto(f"{house.url}/#data/%")
    page.reload()
    page.wait_for_selector("form[data-form=crawl]")
    go(page, "chat")
    page.go_back()
    page.wait_for_selector("h1:text-is('Data')")
    page.go_forward()
    page.wait_for_selector("h1:text-is('Chat')")


def test_drafts_that_cannot_be_read_are_none(page):
    for text in ("{cut", "null", "5"):
        page.evaluate("(text) => localStorage.setItem('form crawl', text)", text)
        page.reload()
        page.wait_for_selector("form[data-form=crawl]")
        assert page.input_value("[name=out]") == "site"


def test_odd_rows_and_reports_are_told_of(page, house):
    lines = [None, 5, {"messages": [None, {"role": 1, "content": [{"text": "<img src=x>"}]}]}, {"messages": "none"}]
    (house.work / "odd.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    go(page, "data", "rows")
    page.fill("[name=path]", "odd.jsonl")
    page.press("[name=path]", "Enter")
    until(lambda: page.locator(".rowcard").count() == len(lines))
    assert page.locator(".rowcard img").count() == 0
    humaneval_run(house.work / "odd-he")
    (house.work / "odd-he" / "manifest.json").write_text("null")
    intents_test(house.work / "odd-it", [[1, 0, 0], [0, 1, 0]], ("a", "b"))
    (house.work / "odd-it" / "detailed_analysis.json").write_text("[]")
    export(house.work / "odd-ex")
    (house.work / "odd-ex" / "tiny.certificate.json").write_text("null")
    for tab, report in (("evaluate", "odd-he"), ("evaluate", "odd-it"), ("export", "odd-ex/tiny.certificate.json")):
        go(page, tab)
        page.click(f"[data-report='{report}']")
        page.wait_for_selector(f"[role=alert]:has-text('“{report}” does not hold')")


def test_an_odd_log_of_a_run_does_not_stop_its_curve(page, house):
    odd = ["null\n", "5\n", "{cut\n", event("step"), step(3, 1e30)]
    record(house.work / "odd-run", BEGAN, step(1, 4.0), *odd, step(2, 2.0))
    (house.work / "odd-run" / "state.json").write_text('{"stage": 5, "step": "x", "steps": "y"}')
    go(page, "train")
    page.click("[data-run=odd-run]")
    view = "[data-run-view=odd-run]"
    page.wait_for_selector(f"{view} .chip:text-is('5')")
    until(lambda: curve(page, view).startswith("Loss: from 4 at step 1"))


def test_a_job_whose_command_was_killed_says_so(page):
    go(page, "data", "crawl")
    with LocalSite({"/": Reply(b"<p>Slow</p>", trickle=0.5)}) as local:
        fill(page, "crawl", url=local.url, out="killed", private=True)
        page.dblclick("form[data-form=crawl] button[type=submit]")
        page.wait_for_selector(".job[data-state=running]")
        name = page.get_attribute(".job[data-state=running]", "data-job")
        until(lambda: local.counts["/"])
        keeper = next(each for each in psutil.process_iter(["cmdline"]) if name in " ".join(each.info["cmdline"] or ()))
        for child in keeper.children():
            child.send_signal(signal.SIGKILL)
        page.wait_for_selector(".job[data-state=failed]")
    assert "signal 9" in page.inner_text(".job[data-state=failed] .problem")
    assert page.locator(".job").count() == 1, "two clicks are one order"


def test_a_run_of_another_folder_is_not_stopped_by_its_name(tmp_path, chromium):
    """Jobs are of a user, folders of a studio: a job of elsewhere is shown with its place, and left alone."""
    with studio(tmp_path) as first, LocalSite({"/": Reply(b"<p>Slow</p>", trickle=0.5)}) as local:
        name = first.start_job("crawl", url=local.url, private=True, out="there")
        file = tmp_path / "state" / "demiurgic" / "studio" / "jobs" / name / "job.json"
        about = json.loads(file.read_text())
        about["order"] |= {"form": "start", "folder": str(tmp_path / "elsewhere"), "values": {"folder": "same"}}
        file.write_text(json.dumps(about))
        record(first.work / "same", BEGAN, step(1, 4.0), pid=first.process.pid)
        for page in opened(chromium, first):
            go(page, "train")
            page.wait_for_selector(f".job:has-text('In {tmp_path / 'elsewhere'}')")
            page.click("[data-run-view=same] >> text=Stop")
            page.wait_for_selector("text=started elsewhere")
        assert first.job(name)["state"] == "running"


ATTACK = """<body><script>
const to = "{url}", tried = [];
const put = ([path, mode, method, body, headers]) => tried.push(
  fetch(`${{to}}${{path}}`, {{ credentials: "include", mode, method, body, headers }})
    .then((told) => told.type, () => "refused"));
put(["/studio/state", "cors", "GET"]);
put(["/studio/state", "no-cors", "GET"]);
put(["/studio/jobs", "no-cors", "POST", "{order}"]);
put(["/studio/jobs", "cors", "POST", "{order}", {{ "content-type": "application/json" }}]);
const frame = document.body.appendChild(document.createElement("iframe"));
frame.src = to;
const script = document.body.appendChild(document.createElement("script"));
script.onload = () => {{ document.title = "it ran"; }};
script.src = `${{to}}/studio/assets/dom.js`;
Promise.all(tried).then((told) => {{ document.body.dataset.told = told; }});
</script>"""


def test_a_page_of_another_port_reads_and_starts_nothing(page, house):
    """The browser sends it our cookie, for a port makes no other site; what it asks for is refused all the same."""
    order = json.dumps({"form": "crawl", "values": {"url": "https://a.example"}}).replace('"', '\\"')
    before = page.locator(".job").count()
    with LocalSite({"/": Reply(ATTACK.format(url=house.url, order=order).encode())}) as local:
        evil = page.context.new_page()
        answers = []
        evil.on("response", lambda told: answers.append(told) if told.url.startswith(house.url) else None)
        evil.goto(local.url)
        evil.wait_for_selector("body[data-told]")
        assert set(evil.get_attribute("body", "data-told").split(",")) <= {"refused", "opaque"}
        assert all(answer.status in (401, 403) for answer in answers if not answer.request.is_navigation_request())
        assert evil.title() != "it ran"
        assert not [frame for frame in evil.frames if frame.url.startswith(house.url)]
    page.reload()
    page.wait_for_selector("form[data-form=crawl]")
    assert page.locator(".job").count() == before
