"""The studio's page for everybody: nothing is cut, nothing keeps anybody out, and a keyboard is enough."""

import pytest
from support.studio import BUILD, axe
from support.studio_page import HIDDEN_FOLDS, looks, opened

SERIOUS = ("serious", "critical")


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
