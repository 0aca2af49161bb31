"""Neovim with what docs/editors/neovim.md says to paste, as somebody sees it who works in it."""

import pytest
from support.desktops import ADD, ADDED, BARE, desktop
from support.editor_programs import pasted, program

pytestmark = pytest.mark.slow


@pytest.fixture
def neovim(tmp_path, qwen):
    configuration = {".config/nvim/init.lua": pasted("neovim.md", "lua")}
    return lambda version, text: desktop(tmp_path, program(f"nvim-{version}"), configuration, qwen, text)


def write(desk):
    desk.press("Escape", ":w", "Enter")


def test_ghost_text_is_shown_and_taken(neovim):
    with neovim("0.12", ADD) as desk:
        desk.until("0 shown, 0 accepted", ":Demiurgic", "Enter")
        desk.press("3GA")
        desk.sees(r"return first \+ second")
        assert desk.file.read_text() == ADD
        desk.press("Tab")
        desk.sees(r"sums.py \[\+\] .*3,26 ")
        write(desk)
        assert desk.saved(ADDED) == ADDED
        desk.press(":Demiurgic", "Enter")
        desk.sees("1 accepted")


def test_keys_that_come_before_the_next_ghost_text_are_a_part_of_it(neovim):
    with neovim("0.12", ADD) as desk:
        desk.until("0 shown", ":Demiurgic", "Enter")
        desk.press("3GA")
        desk.sees(r"return first \+ second")
        desk.press("f", "i", "C-Right")
        desk.sees(" 3,17 ")
        write(desk)
        assert desk.saved("return first\n")


def test_older_versions_complete(neovim):
    with neovim("0.11", ADD) as desk:
        desk.until("0 shown", ":Demiurgic", "Enter")
        desk.press("3GA", "C-x", "C-o")
        desk.sees(r"return first \+ second")
        write(desk)
        assert desk.saved(ADDED) == ADDED


@pytest.mark.parametrize("version", ["0.11", "0.12"])
def test_an_action_changes_the_file_and_can_be_taken_back(neovim, version):
    with neovim(version, BARE) as desk:
        desk.until("0 shown", ":Demiurgic", "Enter")
        desk.press("gra")
        desk.sees("1: Demiurgic: Document")
        desk.press("1", "Enter")
        desk.sees("1: Apply")
        desk.press("1", "Enter")
        desk.sees('    """')
        write(desk)
        assert "    return first + second\n" in desk.saved('"""')
        desk.press("u")
        write(desk)
        assert desk.saved(BARE) == BARE
