"""What editors say of themselves, and what their users set."""

import pytest
from lsprotocol import types
from pytest_lsp import client_capabilities

from demiurgic_lsp.client import Client, client_of
from demiurgic_lsp.wishes import Wishes, wishes_of


def test_settings_come_as_tables_or_as_names_with_dots():
    told = {"model": "a", "inline": {"enabled": False, "debounce": 50}, "context.ring": False, "telemetry": False}
    wished = Wishes("a", ghost_text=False, debounce=50, neighbours=False, journal=False)
    assert wishes_of(told) == (wished, ())
    assert wishes_of({}, wished) == (wished, ())
    assert wishes_of(None, wished) == (wished, ())
    assert wishes_of({"model": None}) == (Wishes(), ())


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"modle": "a"}, "there is no setting demiurgic.modle; did you mean demiurgic.model?"),
        ({"inline": {"debounce": "1"}}, "demiurgic.inline.debounce must be a whole number, not '1'; it stays 0"),
        ({"inline": {"debounce": True}}, "demiurgic.inline.debounce must be a whole number, not True; it stays 0"),
        ({"inline.longest": 1025}, "demiurgic.inline.longest must lie between 8 and 1024, not at 1025; it stays 160"),
        ({"inline": "on"}, "there is no setting demiurgic.inline"),
        ({"zzz": {"y": 1}}, "there is no setting demiurgic.zzz.y"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_and_changes_nothing(told, problem):
    assert wishes_of(told) == (Wishes(), (problem,))


def client(name: str) -> Client:
    return client_of(types.InitializeParams(client_capabilities(name)))


def test_editors_differ_in_what_they_can_do():
    code, neovim, emacs = client("visual-studio-code"), client("neovim"), client("emacs")
    assert (code.resolves_edits, code.confirms_edits, code.shows_progress, code.creates_files) == (
        True,
        True,
        True,
        True,
    )
    assert (neovim.resolves_edits, neovim.confirms_edits, neovim.shows_documents) == (True, False, True)
    assert (emacs.resolves_edits, emacs.confirms_edits, emacs.versions_edits) == (False, False, True)
    assert not any((code.ghost_text, neovim.ghost_text, emacs.ghost_text, code.answers_questions))
    assert client_of(types.InitializeParams(types.ClientCapabilities())) == Client()


def test_our_own_extension_says_what_it_can_do():
    told = types.ClientCapabilities(experimental={"demiurgic": {"ask": True, "status": "yes"}})
    said = client_of(types.InitializeParams(told))
    assert (said.answers_questions, said.follows_status) == (True, False)
    assert client_of(types.InitializeParams(types.ClientCapabilities(experimental=["demiurgic"]))) == Client()
