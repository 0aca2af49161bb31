"""Emacs with what docs/editors/eglot.md and lsp-mode.md say to paste, as somebody sees it who works in it."""

import pytest
from support.desktops import ADD, ADDED, BARE, desktop
from support.editor_programs import pasted, program

pytestmark = pytest.mark.slow


@pytest.fixture
def emacs(tmp_path, qwen):
    def opened(page, text):
        return desktop(tmp_path, program("emacs"), {".emacs.d/init.el": pasted(page, "elisp")}, qwen, text)

    return opened


def save(desk):
    desk.press("C-x", "C-s")


def test_an_action_by_eglot_changes_the_file_and_can_be_taken_back(emacs):
    with emacs("eglot.md", BARE) as desk:
        desk.sees(r"sums\.py .*Python")
        desk.press("M-x", "demiurgic", "Enter")
        desk.sees(r"\[eglot:project\]")
        desk.press("C-c", "a")
        desk.sees("Pick an action")
        desk.press("Demiurgic: Document", "Enter")
        desk.sees("Choose an option: Apply")
        desk.press("Enter")
        desk.sees('      """')
        save(desk)
        assert "    return first + second\n" in desk.saved('"""')
        desk.press("C-/")
        save(desk)
        assert desk.saved(BARE) == BARE


def test_ghost_text_by_lsp_mode_is_shown_and_taken(emacs):
    with emacs("lsp-mode.md", ADD) as desk:
        desk.sees("Select action")
        desk.press("i")
        desk.sees(r"\[demiurgic:")
        desk.press("M-g", "g", "3", "Enter", "C-e")
        desk.until(r"return first \+ second", "BSpace", "Space")
        assert desk.file.read_text() == ADD
        desk.press("Tab")
        save(desk)
        assert desk.saved(ADDED) == ADDED


def test_an_action_by_lsp_mode_shows_an_explanation(emacs):
    with emacs("lsp-mode.md", BARE) as desk:
        desk.sees("Select action")
        desk.press("i")
        desk.sees(r"\[demiurgic:")
        desk.until("Select code action", "M-x", "lsp-execute-code-action", "Enter")
        desk.press("Demiurgic: Explain", "Enter")
        desk.sees("# sums.py, lines 1 to 2")
