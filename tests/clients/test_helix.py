"""Helix with what docs/editors/helix.md says to paste, as somebody sees it who works in it."""

import pytest
from support.desktops import ADD, ADDED, BARE, desktop
from support.editor_programs import pasted, program

pytestmark = pytest.mark.slow


@pytest.fixture
def helix(tmp_path, qwen):
    configuration = {".config/helix/languages.toml": pasted("helix.md", "toml")}
    return lambda text: desktop(tmp_path, program("hx"), configuration, qwen, text)


def write(desk):
    desk.until(" NOR ", "Escape")  # the first one may close a menu
    desk.press(":w", "Enter")


def test_what_is_missing_stands_in_the_menu(helix):
    with helix(ADD) as desk:
        desk.sees(" NOR ")
        desk.press("3GA")
        desk.until(r"first \+ second", "C-x")
        desk.press("Tab", "Enter")
        desk.sees(r"return first \+ second")
        write(desk)
        assert desk.saved(ADDED) == ADDED


def test_an_action_changes_the_file_and_can_be_taken_back(helix):
    with helix(BARE) as desk:
        desk.sees(" NOR ")
        desk.until("Demiurgic: Document", "Space", "a")
        desk.press("Enter")
        desk.sees("Discard")
        desk.press("Enter")
        desk.sees(r'2      """')
        write(desk)
        assert "    return first + second\n" in desk.saved('"""')
        desk.press("u")
        write(desk)
        assert desk.saved(BARE) == BARE
