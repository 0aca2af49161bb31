"""What a person does in the studio's page: enter, go to a tab, fill in a form, start it, look."""

from support.studio import BUILD, until

HIDDEN_FOLDS = "for (const each of document.querySelectorAll('details')) each.open = true"


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


def fill_chat(page, **values):
    page.evaluate(HIDDEN_FOLDS)
    for name, value in values.items():
        page.locator(f"main [name={name}]").first.fill(value)


def curve(page, view):
    return page.locator(f"{view} .plot").first.get_attribute("aria-label")


def looks(page):
    """Every view that the page has."""
    for tab in ("data", "train", "evaluate", "export", "chat"):
        go(page, tab)
        names = [each.get_attribute("data-name") for each in page.locator(".steps button").all()]
        for name in names or [""]:
            if name:
                page.click(f".steps button[data-name={name}]")
            page.wait_for_selector("main form button[type=submit]")
            yield f"{tab}-{name}".strip("-")
