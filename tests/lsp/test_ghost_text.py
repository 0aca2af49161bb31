"""Ghost text from a real language server with a real model, as an editor sees it."""

import asyncio
import time

from pygls.exceptions import JsonRpcRequestCancelled
from support.editors import editor

ADD = 'def add(first, second):\n    """The sum of two numbers."""\n    return \n\n\nprint(add(1, 2))\n'


def test_the_missing_text_is_shown_and_what_was_shown_need_not_be_thought_of_again(with_editor):
    async def session(editor):
        assert editor.capabilities.inline_completion_provider
        uri = editor.open("file:///project/sums.py", ADD)
        shown = await editor.shown(uri, 2, 11)
        assert shown == "first + second"
        editor.type(uri, 2, 11, "first")
        began = time.monotonic()
        assert await editor.shown(uri, 2, 16) == " + second"
        return time.monotonic() - began

    assert with_editor(session) < 0.1


def test_line_ends_are_the_editors_own_and_wide_letters_count_as_it_says(with_editor):
    async def session(editor):
        text = 'FACES = "😀😀"\n\n\ndef both(first, second):\n    if first:\n        return second\n    \n'
        uri = editor.open("file:///project/faces.py", text.replace("\n", "\r\n"))
        return await editor.shown(uri, 6, 4)

    shown = with_editor(session)
    assert shown
    assert "\r" not in shown


def test_the_newest_question_is_answered_and_older_ones_at_once_are_not(with_editor):
    async def session(editor):
        uri = editor.open("file:///project/sums.py", ADD)
        await editor.shown(uri, 2, 11)  # the model is there
        long = editor.open("file:///project/long.py", "".join(f"value_{n} = {n} * {n}\n" for n in range(90)) + "\n")
        asked = []
        for number in range(20):
            editor.type(long, 90, number, "x")
            asked.append(editor.asked(long, 90, number + 1))
            await asyncio.sleep(0.01)
        began = time.monotonic()
        older = await asyncio.wait_for(asyncio.gather(*asked[:-1], return_exceptions=True), 30)
        waited = time.monotonic() - began
        assert all(isinstance(answer, JsonRpcRequestCancelled) for answer in older)
        await asyncio.wait_for(asked[-1], 60)
        return waited

    assert with_editor(session) < 2


def test_secrets_and_what_is_no_text_are_not_looked_at(with_editor):
    async def session(editor):
        names = ("file:///project/.env", "file:///home/me/.ssh/config", "file:///project/key.pem")
        secret = [await editor.shown(editor.open(name, ADD), 2, 11) for name in names]
        binary = await editor.shown(editor.open("file:///project/a.bin", "\0" + ADD), 2, 11)
        large = await editor.shown(editor.open("file:///project/large.py", "x = 1\n" * 500_000 + "y ="), 500_000, 3)
        return {*secret, binary, large}

    assert with_editor(session) == {""}


def test_a_model_that_is_not_there_is_told_once_and_does_no_harm(tmp_path):
    async def main():
        async with editor(tmp_path, "--model", tmp_path / "none.gguf") as opened:
            uri = opened.open("untitled:one", ADD)
            return [await opened.shown(uri, 2, 11) for _ in range(3)]

    assert asyncio.run(main()) == ["", "", ""]
