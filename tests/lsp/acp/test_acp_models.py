"""Models behind conversations: shared, freed with the last one; and a real one that works in an editor."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from support.acp_editors import Editor, connected
from support.scripted_chat import ScriptedChat

from demiurgic.config import Settings
from demiurgic.messages import User
from demiurgic_lsp.acp.models import Models


class Closing(ScriptedChat):
    """Says when it is closed."""

    closed = 0

    def close(self) -> None:
        self.closed += 1


def test_a_model_is_opened_once_and_closed_with_its_last_user():
    opened: list[tuple[str, Closing]] = []

    def open_model(settings, name):
        opened.append((name, Closing([])))
        return opened[-1][1]

    models, settings = Models(open_model), Settings(model="one")
    with ThreadPoolExecutor(4) as pool:
        users = list(pool.map(lambda _: models.open(settings, ""), range(4)))
    other = models.open(settings, "two")
    narrower = models.open(replace(settings, context=512), "one")
    assert [name for name, _ in opened] == ["one", "two", "one"]
    assert list(users[0].reply([User("hello")]))[-1].message.text == "You said: hello"
    for user in users[1:]:
        user.close()
        user.close()  # once is enough
    assert opened[0][1].closed == 0
    users[0].close()
    assert [model.closed for _, model in opened] == [1, 0, 0]
    other.close()
    narrower.close()
    assert [model.closed for _, model in opened] == [1, 1, 1]
    models.open(settings, "one").close()
    assert len(opened) == 4


@pytest.mark.slow
def test_a_real_model_answers_in_two_conversations_at_once(tmp_path: Path, smollm2):
    folders = [tmp_path / "project", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
        (folder / "calc.py").write_text("def total(a, b):\n    return a + b\n")
    editor = Editor()

    async def main():
        async with connected(tmp_path, editor, ("--model", smollm2), files=(True, True)) as opened:
            names = [await opened.begin(folder) for folder in folders]
            task = "Rename the function total to add in calc.py."
            asked = (opened.say(name, task, patience=300) for name in names)
            return names, await asyncio.gather(*asked)

    names, stops = asyncio.run(main())
    assert stops == ["end_turn", "end_turn"]
    assert all(editor.text(name) for name in names)
    usage = editor.of("usage_update")
    assert len(usage) >= 2
    assert all(0 < each.used < each.size for each in usage)
