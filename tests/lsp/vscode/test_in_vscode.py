"""The extension in VS Code itself, as somebody sees it who types and clicks. What was seen is kept as pictures.

Installs VS Code's server when it runs for the first time: a minute and 300 MB, in `build/`.
"""

import json
import os
import sys
import time
import zipfile

import pytest
from support.fake_providers import Answer, Ending, FakeProvider, openai_answer, openai_call, openai_piece
from support.vscode import RUNNING, STATUS, window, window_without_program

pytestmark = pytest.mark.slow

ADD = 'def add(first, second):\n    """The sum of two numbers."""\n    return'
GHOST = ".ghost-text, .ghost-text-decoration, [class*='ghost-text']"
PANEL = "#prompt"
PROGRAM = f"""import os, sys
def main():
    os.environ["PYTHONPATH"] = {os.environ.get("PYTHONPATH", "")!r}
    os.execv({sys.executable!r}, [{sys.executable!r}, "-m", "demiurgic", *sys.argv[1:]])
"""


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def scripted(provider):
    return {"demiurgic.model": f"{provider.url}/v1#scripted", "demiurgic.inline.enabled": False}


def until(holds, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_ghost_text_is_shown_and_taken_by_tab(tmp_path, project, qwen):
    (project / "sums.py").write_text(ADD)
    with window(tmp_path, project, **{"demiurgic.model": str(qwen)}) as code:
        code.open("sums.py")
        code.press("Control+End")
        code.type(" ")
        code.wait(GHOST)
        code.shot("ghost")
        code.press("Tab")
        until(lambda: "return first + second" in code.text(".view-lines"))
        until(lambda: code.count(GHOST) == 0)
        notes = tmp_path / "state"
        until(lambda: any('"accepted"' in file.read_text() for file in notes.rglob("*.jsonl")))
        assert "qwen2.5-coder-0.5b" in code.text(STATUS)
        code.click(f"{STATUS} a")
        code.wait(".quick-input-list .monaco-list-row[aria-label*='Ghost text: 1 of 1 accepted']")
        code.wait(".quick-input-list .monaco-list-row[aria-label*='Restart the Server']")
        code.shot("status")


def test_a_problem_is_fixed_once_its_change_is_applied_and_code_is_explained(tmp_path, project):
    (project / "values.json").write_text('{\n  "one": 1\n  "two": 2\n}\n')
    mended = openai_answer({"content": '```json\n{\n  "one": 1,\n  "two": 2\n}\n```'})
    explained = openai_answer({"content": "Two **values**."})
    with FakeProvider(mended, mended, explained) as provider, window(tmp_path, project, **scripted(provider)) as code:
        code.open("values.json")
        code.wait(".squiggly-error")
        code.press("F8")
        code.press("Escape")
        code.press("Control+.")
        code.click(".action-widget .monaco-list-row[aria-label*='Demiurgic: Fix: Expected comma']")
        code.wait(".tab.active[aria-label*='apply this change?']")
        code.shot("fix-proposed")
        code.click(".title .action-label[aria-label*='Discard This Change']")
        code.wait(".tab.active[data-resource-name='values.json']:not([aria-label*='apply'])")
        assert "," not in code.text(".view-lines")
        code.run("Demiurgic: Fix This Problem")
        code.click(".title .action-label[aria-label*='Apply This Change']")
        until(lambda: '"one": 1,' in code.text(".view-lines"))
        code.shot("fix")
        assert (project / "values.json").read_text().count(",") == 0  # the user saves
        code.run("Demiurgic: Explain")
        code.wait(".tab.active[aria-label*='Explanation.md']")
        until(lambda: code.count(".view-line::-p-text(values)") > 0)
        code.shot("explanation")
        until(lambda: code.notifications() == [])  # that it was at work is told until it has ended
    assert ["Expected comma" in json.dumps(asked) for asked in provider.asked] == [True, True, False]


def test_the_chat_asks_before_it_acts_and_sees_what_is_not_saved(tmp_path, project):
    (project / "notes.txt").write_text("old\n")
    script = [
        openai_answer(*openai_call("read", json.dumps({"path": "notes.txt"})), finish="tool_calls"),
        openai_answer(
            *openai_call("write", json.dumps({"path": "made.py", "content": "print(1)\n"}), id="2"), finish="tool_calls"
        ),
        openai_answer(
            *openai_call("shell", json.dumps({"command": "echo hello > said.txt"}), id="3"), finish="tool_calls"
        ),
        openai_answer({"content": "It is **written**.\n\n<img src=x onerror=alert(1)>"}),
        Answer([openai_piece({"content": "Well"})], ending=Ending.HANGING),
    ]
    dark = {"workbench.colorTheme": "Default Dark Modern"}
    with FakeProvider(*script) as provider, window(tmp_path, project, **scripted(provider), **dark) as code:
        code.open("notes.txt")
        code.press("Control+End")
        code.type("typed and not saved")
        code.run("Demiurgic: Focus on Chat View")
        code.click(PANEL)
        code.type("Do it.")
        code.press("Enter")
        code.wait("button.allow::-p-text(Allow once)")
        code.shot("chat-change")
        assert "+print(1)" in code.text(".difference")
        assert not (project / "made.py").exists()
        code.click("button::-p-text(Compare)")
        code.wait(".tab.active[aria-label*='proposed change']")
        code.shot("chat-compare")
        code.click("button.allow::-p-text(Allow once)")
        code.wait(".call.asks::-p-text(echo hello > said.txt)")
        code.shot("chat-command")
        assert (project / "made.py").read_text() == "print(1)\n"
        code.click("button.other::-p-text(Reject)")
        code.wait(".said:last-child strong::-p-text(written)")
        code.shot("chat")
        assert "<img src=x onerror=alert(1)>" in code.text(".said:last-child")
        assert not (project / "said.txt").exists()
        code.type("And now?")
        code.press("Enter")
        code.wait("#stop")
        until(lambda: not provider.script)
        code.press("Escape")
        code.wait(".notice::-p-text(Stopped.)")
        code.run("Demiurgic: New Conversation")
        until(lambda: code.count("#items > *") == 0)
    assert "typed and not saved" in json.dumps(provider.asked[1])
    assert (project / "notes.txt").read_text() == "old\n"


def test_where_there_is_no_program_an_environment_is_made_for_it(tmp_path, project):
    (tmp_path / "wheels").mkdir()
    wheel = tmp_path / "wheels" / "demiurgic-0.0.1-py3-none-any.whl"
    about = "demiurgic-0.0.1.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        # What is installed runs the program that is being tested, so that nothing is fetched from anywhere.
        archive.writestr("demiurgic.py", PROGRAM)
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: demiurgic\nVersion: 0.0.1\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/entry_points.txt", "[console_scripts]\ndemiurgic = demiurgic:main\n")
        archive.writestr(f"{about}/RECORD", "")
    with window_without_program(tmp_path, project, **{"demiurgic.requirement": str(wheel)}) as code:
        code.wait(".notification-list-item::-p-text(was not found. Shall the extension make)")
        code.shot("no-program")
        code.click(".monaco-button::-p-text(Make an Environment)")
        code.wait(RUNNING)
        code.shot("environment")
