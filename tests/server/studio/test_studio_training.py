"""Training in the studio's page: curves of runs as they go, and the whole way from rows to a model that talks."""

from support.studio import until
from support.studio_page import curve, fill, fill_chat, go, opened, picture
from support.studio_results import BEGAN, event, record, step

# Told by a recorded log: what the page shows of a run that another process writes


def test_a_runs_curve_moves_and_is_whole_again_in_another_page(house, page, chromium):
    record(house.work / "told-run", BEGAN, step(1, 4.0))
    go(page, "train")
    view = "[data-run-view=told-run]"
    page.click("[data-run=told-run]")
    page.wait_for_selector(f"{view} .plot")
    until(lambda: "at step 1" in curve(page, view))
    for at in range(2, 8):
        record(house.work / "told-run", step(at, 4.0 - at / 4))
    record(house.work / "told-run", event("sample", step=7, prompt="Who are you?", text="A small model."), step(8, 2.0))
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
        fill(page, "recipe", out="taught", steps="120", save_every="40", sample_every="40")
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
        until(lambda: int(curve(page, view).rpartition(" ")[2]) > 10)  # noqa: B023
        assert "step 1 to" in curve(page, view), "it begins at the beginning"
        page.click(f"{view} >> text=Stop")
        page.wait_for_selector(f"{view} .chip.stopped")
        stopped = int(curve(page, view).rpartition(" ")[2])
        page.click(f"{view} >> text=Resume")
        page.wait_for_selector(f"{view} .chip.done", timeout=90_000)
        until(lambda: curve(page, view).endswith("at step 120"))  # noqa: B023
        assert stopped < 120
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
