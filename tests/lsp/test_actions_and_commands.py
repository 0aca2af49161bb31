"""Everything beside ghost text, asked of a real language server by editors as different as they are.

The model is a real server of somebody else's that answers by a script.
"""

import asyncio
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcRequestCancelled
from support.editors import Kind, editor, until
from support.fake_providers import Answer, Ending, FakeProvider, openai_answer, openai_piece

CODE = Kind("visual-studio-code")
NEOVIM = Kind("neovim")
EMACS = Kind("emacs")
BARE = Kind()

SUMS = 'FACES = "😀"\r\n\r\n\r\ndef add(first, second):\r\n    return first - second\r\n'
MENDED = SUMS.replace("first - second", "first + second")
WRONG = types.Diagnostic(
    types.Range(types.Position(4, 11), types.Position(4, 25)), "this is no sum", severity=types.DiagnosticSeverity.Error
)
ALL = {"uri": "", "range": {"start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 3}}}


def says(text):
    return openai_answer(*({"content": part} for part in text.splitlines(keepends=True)))


GOOD = says("Here it is:\n```python\ndef add(first, second):\n    return first + second\n```\n")


@pytest.fixture
def run(tmp_path):
    """Run a session of an editor whose model answers by a script."""

    def run(session, *script, kind=BARE, model=""):
        async def main():
            with FakeProvider(*script) as provider:
                async with editor(tmp_path, "--model", model or f"{provider.url}/v1#m", kind=kind) as opened:
                    uri = opened.open((tmp_path / "sums.py").as_uri(), SUMS)
                    return await session(opened, uri, provider)

        return asyncio.run(main())

    return run


def where(uri, **more):
    return {**ALL, "uri": uri, **more}


@pytest.mark.parametrize("kind", [CODE, NEOVIM, EMACS, BARE], ids=["code", "neovim", "emacs", "bare"])
def test_actions_are_listed_without_the_model(run, kind):
    async def session(editor, uri, provider):
        found = await editor.actions(uri, 4, WRONG)
        titles = [action["title"] for action in found]
        assert titles[0] == "Demiurgic: Fix: this is no sum"
        assert {"Demiurgic: Explain", "Demiurgic: Write tests", "Demiurgic: Refactor…"} < set(titles)
        for action in found:
            assert ("command" in action) != ("data" in action)
            assert "data" not in action or kind in (CODE, NEOVIM)
        quick = await editor.actions(uri, 4, WRONG, only=[types.CodeActionKind.QuickFix])
        assert [action["kind"] for action in quick] == ["quickfix"]
        refactors = await editor.actions(uri, 4, only=["refactor"])
        assert {action["kind"] for action in refactors} == {"refactor.rewrite"}
        assert provider.requests == []

    run(session, kind=kind)


def test_an_editor_that_can_works_a_fix_out_when_it_is_chosen(run):
    async def session(editor, uri, provider):
        [fix, *_] = await editor.actions(uri, 4, WRONG)
        action = types.CodeAction(fix["title"], data=fix["data"])
        resolved = await editor.client.code_action_resolve_async(action)
        editor.edits.append(resolved.edit)
        [note] = resolved.edit.change_annotations.values()
        assert note.needs_confirmation
        assert editor.text_after(uri, SUMS) == MENDED
        asked = provider.asked[0]["messages"][-1]["content"]
        assert "Line 5: this is no sum" in asked
        reports = [report for reports in editor.client.progress_reports.values() for report in reports]
        assert isinstance(reports[0], types.WorkDoneProgressBegin)
        assert reports[-1] == types.WorkDoneProgressEnd(message="done")

    run(session, GOOD, kind=CODE)


def test_an_editor_that_cannot_is_asked_whether_the_change_shall_be_made(run):
    async def session(editor, uri, _):
        [fix, *_rest] = await editor.actions(uri, 4, WRONG)
        command = fix["command"]
        editor.answer = "Apply"
        said = await editor.run(command["command"], *command["arguments"])
        assert said["applied"]
        assert "-     return first - second\n+     return first + second" in editor.questions[0].message
        assert editor.text_after(uri, SUMS) == MENDED
        editor.answer = None
        said = await editor.run(command["command"], *command["arguments"])
        assert (said["applied"], len(editor.edits)) == (False, 1)

    run(session, GOOD, GOOD, kind=EMACS)


def test_what_shall_be_changed_is_asked_for_or_stands_in_a_comment(run):
    async def session(editor, uri, provider):
        @editor.client.feature("demiurgic/ask")
        def ask(params):
            return "name the sides"

        editor.answer = "Apply"
        await editor.run("demiurgic.refactor", where(uri))
        await editor.run("demiurgic.refactor", where(uri, instruction="be brief"))
        asked = [request["messages"][-1]["content"] for request in provider.asked]
        assert "name the sides" in asked[0]
        assert "be brief" in asked[1]

    run(session, GOOD, GOOD, kind=Kind(ours={"ask": True}))


def test_without_a_way_to_ask_the_comment_counts(run):
    async def session(editor, uri, provider):
        commented = editor.open("file:///b.py", "# use sum()\ndef add(a, b):\n    return a + b\n")
        editor.answer = "Apply"
        assert (await editor.run("demiurgic.refactor", where(uri)))["applied"] is False
        assert "comment" in editor.client.messages[0].message
        there = where(commented)
        there["range"] = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
        await editor.run("demiurgic.refactor", there)
        assert "\nuse sum()\n" in provider.asked[0]["messages"][-1]["content"]

    run(session, GOOD)


def test_tests_become_a_file_of_their_own(run, tmp_path):
    async def session(editor, uri, _):
        said = await editor.run("demiurgic.tests", where(uri))
        assert said["applied"]
        made, written = editor.edits[0].document_changes
        assert made.uri == (tmp_path / "test_sums.py").as_uri()
        assert written.edits[0].new_text == "def test_add():\n    assert add(1, 2) == 3\n"

    run(session, says("```python\ndef test_add():\n    assert add(1, 2) == 3\n```"), kind=CODE)


def test_a_question_tells_how_much_of_a_change_it_does_not_show(run):
    async def session(editor, uri, _):
        editor.answer = "Discard"
        assert not (await editor.run("demiurgic.fix", where(uri)))["applied"]
        assert editor.questions[-1].message.endswith("letters more")

    run(session, says("```python\ndef add(first, second):\n" + "    first += second\n" * 400 + "```"))


def test_an_explanation_is_shown_and_then_known_to_who_hovers(run):
    async def session(editor, uri, provider):
        here = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(4, 5))
        assert await editor.client.text_document_hover_async(here) is None
        assert (await editor.run("demiurgic.explain", where(uri)))["text"] == "It subtracts."
        assert editor.client.shown_documents == []
        found = await editor.client.text_document_hover_async(here)
        assert found.contents.value == "It subtracts."
        assert len(provider.asked) == 1
        explain = next(one for one in await editor.actions(uri, 4) if one["title"] == "Demiurgic: Explain")
        await editor.run(explain["command"]["command"], *explain["command"]["arguments"])
        [shown] = editor.client.shown_documents
        text = Path(unquote(urlsplit(shown.uri).path)).read_text()
        assert text == "# sums.py, lines 4 to 5\n\nIt adds.\n"
        editor.type(uri, 4, 0, " ")
        assert await editor.client.text_document_hover_async(here) is None

    run(session, says("It subtracts."), says("It adds."), kind=CODE)


def test_hovering_asks_the_model_where_its_user_wants_that(run):
    async def session(editor, uri, provider):
        here = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(4, 5))
        found = await editor.client.text_document_hover_async(here)
        return found.contents.value

    assert run(session, says("It subtracts."), kind=Kind(options={"hover": True})) == "It subtracts."


def test_hovering_over_what_no_model_may_see_says_nothing(run):
    async def session(editor, uri, provider):
        secret = editor.open(uri.replace("sums.py", ".env"), "KEY=1\n")
        here = types.HoverParams(types.TextDocumentIdentifier(secret), types.Position(0, 1))
        assert await editor.client.text_document_hover_async(here) is None
        assert provider.requests == []

    run(session, kind=Kind(options={"hover": True}))


async def uses(editor, name):
    """Wait until the server wants a model of this name."""
    async with asyncio.timeout(60):
        while not (await editor.run("demiurgic.status"))["model"].endswith(name):
            await asyncio.sleep(0.01)


def test_settings_of_the_editor_hold_and_may_change(run):
    async def session(editor, uri, provider):
        await until(lambda: editor.client.messages)
        assert [said.message for said in editor.client.messages] == [
            "there is no setting demiurgic.modle; did you mean demiurgic.model?"
        ]
        assert await editor.shown(uri, 4, 11) == ""
        assert provider.requests == []
        editor.client.set_configuration({"demiurgic": {"model": f"{provider.url}/v1#other"}})
        editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({}))
        await uses(editor, "#other")
        await editor.run("demiurgic.explain", where(uri))
        assert provider.asked[0]["model"] == "other"

    run(session, says("It."), kind=Kind("neovim", settings={"modle": "x", "inline": {"enabled": False}}))


def test_settings_are_taken_as_they_are_sent_where_they_cannot_be_asked_for(run):
    async def session(editor, uri, provider):
        settings = {"demiurgic": {"model": f"{provider.url}/v1#sent"}}
        editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings))
        await uses(editor, "#sent")
        await editor.run("demiurgic.explain", where(uri))
        return provider.asked[0]["model"]

    assert run(session, says("It.")) == "sent"


def test_the_status_says_what_leaves_the_machine(run):
    told = []

    async def session(editor, uri, _):
        editor.client.feature("demiurgic/status")(lambda params: told.append(params))
        before = await editor.run("demiurgic.status")
        assert (before["state"], before["remote"], before["shown"]) == ("none", False, 0)
        await editor.run("demiurgic.explain", where(uri))
        after = await editor.run("demiurgic.status")
        assert after["model"].endswith("#m")
        assert (after["state"], after["remote"], after["queue"]) == ("ready", True, 0)
        await until(lambda: told and told[-1].remote)

    run(session, says("It."), kind=Kind(ours={"status": True}))


def test_a_command_that_is_cancelled_ends_in_the_model_too(run):
    async def session(editor, uri, provider):
        asked = asyncio.ensure_future(editor.run("demiurgic.explain", where(uri)))
        await asyncio.to_thread(provider.arrived.wait, 10)
        editor.cancel()
        with pytest.raises(JsonRpcRequestCancelled):
            await asked
        assert await asyncio.to_thread(provider.left.wait, 10)

    run(session, Answer([openai_piece({"content": "It"})], ending=Ending.HANGING))


def test_cancelling_the_progress_bar_cancels_the_command(run):
    async def session(editor, uri, provider):
        asked = asyncio.ensure_future(editor.run("demiurgic.explain", where(uri)))
        reports = editor.client.progress_reports
        report = types.WorkDoneProgressReport
        await until(lambda: [one for told in reports.values() for one in told if isinstance(one, report)])
        [token] = reports
        editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
        with pytest.raises(JsonRpcRequestCancelled):
            await asked
        assert reports[token][-1] == types.WorkDoneProgressEnd(message="cancelled")
        assert await asyncio.to_thread(provider.left.wait, 10)

    run(session, Answer([openai_piece({"content": "It\n"})], ending=Ending.HANGING), kind=NEOVIM)


@pytest.mark.parametrize(
    ("command", "argument", "problem"),
    [
        ("demiurgic.explain", None, "wants a document and a range"),
        ("demiurgic.explain", {"uri": 3, "range": {}}, "wants a document and a range"),
        ("demiurgic.fix", {**ALL, "uri": "file:///not/open.py"}, "is not open"),
        ("demiurgic.accepted", {"id": 3}, "is named by its id"),
        ("demiurgic.unknown", {}, "there is no command"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(run, command, argument, problem):
    async def session(editor, uri, _):
        with pytest.raises(JsonRpcException, match=problem) as told:
            await editor.run(command, *([argument] if argument is not None else []))
        assert "\n" not in str(told.value)

    run(session)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (says("I cannot."), "without code"),
        (says(f"```\n{'def add(first, second):' + chr(10) + '    return first - second'}\n```"), "leave it as it is"),
        (Answer(status=401), "401"),
    ],
)
def test_answers_that_are_no_change_are_told(run, answer, problem):
    async def session(editor, uri, _):
        with pytest.raises(JsonRpcException, match=problem):
            await editor.run("demiurgic.fix", where(uri))
        assert editor.edits == []

    run(session, answer)


def test_secrets_are_asked_about_in_vain(run, tmp_path):
    async def session(editor, uri, provider):
        (tmp_path / ".gitignore").write_text("private/\n")
        for name in (".env", "private/a.py"):
            hidden = editor.open((tmp_path / name).as_uri(), "KEY = 1\n")
            assert not await editor.actions(hidden, 0)
            with pytest.raises(JsonRpcException, match="not shown to models"):
                await editor.run("demiurgic.explain", {**where(hidden)})
            assert await editor.shown(hidden, 0, 5) == ""
        assert provider.requests == []

    run(session)


def test_a_model_of_somebody_else_fills_holes_when_it_is_asked_to(run):
    async def session(editor, uri, provider):
        text = editor.open("file:///c.py", "def add(first, second):\n    return \n")
        shown = await editor.shown(text, 1, 11)
        assert "<HOLE>" in provider.asked[0]["messages"][-1]["content"]
        return shown

    assert run(session, says("```python\n    return first + second\n```")) == "first + second"


def test_editors_without_ghost_text_get_it_in_their_lists(run):
    async def session(editor, uri, _):
        assert editor.capabilities.completion_provider
        text = editor.open("file:///c.py", 'x = "😀" + \n')
        params = types.CompletionParams(types.TextDocumentIdentifier(text), types.Position(0, 11))
        found = await editor.client.text_document_completion_async(params)
        [entry] = found.items
        assert found.is_incomplete
        assert (entry.label, entry.text_edit.new_text) == ("first", "first")
        assert entry.text_edit.range == types.Range(types.Position(0, 11), types.Position(0, 11))

    run(session, says('```\nx = "😀" + first\n```'), kind=BARE)
