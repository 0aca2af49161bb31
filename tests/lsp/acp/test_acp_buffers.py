"""Files that are open in the editor: what was typed and not saved is what the agent reads, edits and takes back."""

import json
from pathlib import Path

import pytest
from support.acp_editors import Editor, does, says

from demiurgic.errors import DemiurgicError, WorkspaceError
from demiurgic.workspace.beneath import LocalWorkspace
from demiurgic_lsp.acp.buffers import Buffers

SAVED = "def add(a, b):\n    return a - b\n"
TYPED = "# typed, not saved\ndef add(a, b):\n    return a - b\n"
MENDED = TYPED.replace("a - b", "a + b")
READ = does("read", json.dumps({"path": "calc.py"}))
EDIT = does("edit", json.dumps({"path": "calc.py", "old": "    return a - b", "new": "    return a + b"}))
BOTH = (True, True)
EDITS = ("--approve", "edits")


class Shown:
    """What an editor shows, and how it saves. Satisfies `OpenFiles`."""

    def __init__(self, *, takes=True, disk=True, saved=lambda text: text.encode(), **texts: str) -> None:
        self.texts, self.takes, self.disk, self.saved = texts, takes, disk, saved
        self.asked: list[Path] = []

    def read(self, path: Path) -> str | None:
        self.asked.append(path)
        return self.texts.get(path.name.replace(".", "_"))

    def write(self, path: Path, text: str) -> bool:
        if not self.takes:
            return False
        self.texts[path.name.replace(".", "_")] = text
        if self.disk:
            path.write_bytes(self.saved(text))
        return True


def buffers(folder: Path, shown: Shown) -> Buffers:
    return Buffers(LocalWorkspace(folder), folder, shown)


def everywhere(files: Buffers, path: str) -> bytes:
    with files.open(path) as file:
        opened = file.read()
    assert files.read(path) == opened
    assert files.read(path, 3) == opened[:3]
    return opened


def test_what_is_typed_is_read_in_the_form_that_the_file_has(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n")
    files = buffers(tmp_path, Shown(a_txt="one\ntwo\nthree\n"))
    assert everywhere(files, "a.txt") == b"\xef\xbb\xbfone\r\ntwo\r\nthree\r\n"
    assert files.saved.read("a.txt") == b"\xef\xbb\xbfone\r\ntwo\r\n"


@pytest.mark.parametrize("data", [b"one\r\ntwo\r\n", b"\xef\xbb\xbfone\ntwo\n", b"one\ntwo\n"])
def test_a_file_that_nobody_has_changed_is_read_byte_by_byte(tmp_path, data):
    (tmp_path / "a.txt").write_bytes(data)
    assert everywhere(buffers(tmp_path, Shown(a_txt="one\ntwo\n")), "a.txt") == data


def test_what_is_no_unicode_text_or_not_there_is_the_disks_affair(tmp_path):
    (tmp_path / "a.txt").write_bytes("caf\xe9\n".encode("latin-1"))
    (tmp_path / "b.bin").write_bytes(b"\0\1\2")
    shown = Shown(a_txt="caf\ufffd\n", b_bin="x", c_txt="new and never saved")
    files = buffers(tmp_path, shown)
    assert everywhere(files, "a.txt") == "caf\xe9\n".encode("latin-1")
    assert everywhere(files, "b.bin") == b"\0\1\2"
    with pytest.raises(WorkspaceError):
        files.read("c.txt")
    files.write("a.txt", "th\xe9\n".encode("latin-1"))
    assert (tmp_path / "a.txt").read_bytes() == "th\xe9\n".encode("latin-1")
    assert shown.asked == []


def test_what_is_written_lies_on_disk_whatever_the_editor_does(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\r\n")
    for shown in (Shown(a_txt="one\n"), Shown(a_txt="one\n", disk=False), Shown(disk=False)):
        files = buffers(tmp_path, shown)
        files.write("a.txt", b"two\r\n")
        assert (tmp_path / "a.txt").read_bytes() == b"two\r\n"
        files.write("a.txt", b"one\r\n")
    files.write("sub/new.txt", b"new\n")
    assert (tmp_path / "sub" / "new.txt").read_bytes() == b"new\n"


def test_an_editor_that_formats_what_it_saves_has_its_way(tmp_path):
    (tmp_path / "a.py").write_bytes(b"x = 1\n")
    files = buffers(tmp_path, Shown(saved=lambda text: text.replace("=2", " = 2").encode()))
    files.write("a.py", b"x=2\n")
    assert (tmp_path / "a.py").read_bytes() == b"x = 2\n"


def test_the_editor_is_never_led_through_a_link(tmp_path):
    (tmp_path / "outside.txt").write_text("mine\n")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "a.txt").symlink_to(tmp_path / "outside.txt")
    shown = Shown(a_txt="x\n")
    files = buffers(tmp_path / "project", shown)
    with pytest.raises(DemiurgicError):
        files.write("a.txt", b"theirs\n")
    with pytest.raises(DemiurgicError):
        files.read("a.txt")
    assert (tmp_path / "outside.txt").read_text() == "mine\n"
    assert not files.settle("a.txt")


def test_settling_brings_to_disk_what_was_typed_and_only_that(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\r\n")
    (tmp_path / "b.txt").write_bytes(b"one\r\n")
    files = buffers(tmp_path, Shown(a_txt="one\ntwo\n", b_txt="one\n"))
    assert (files.settle("a.txt"), files.settle("b.txt"), files.settle("none.txt")) == (True, False, False)
    assert (tmp_path / "a.txt").read_bytes() == b"one\r\ntwo\r\n"
    assert (tmp_path / "b.txt").read_bytes() == b"one\r\n"
    assert not files.settle("a.txt")


def test_what_an_editor_shows_of_a_file_that_was_written_without_it_is_old(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\n")
    shown = Shown(takes=False, a_txt="one, typed\n")
    files = buffers(tmp_path, shown)
    files.write("a.txt", b"two\n")
    assert everywhere(files, "a.txt") == b"two\n"
    shown.texts["a_txt"] = "two\n"  # the editor has read it again
    assert everywhere(files, "a.txt") == b"two\n"
    shown.texts["a_txt"] = "two, typed\n"
    assert everywhere(files, "a.txt") == b"two, typed\n"


@pytest.fixture
def calc(project):
    (project / "calc.py").write_text(SAVED)
    return project / "calc.py"


def prompts(*said):
    async def session(opened):
        name = await opened.begin()
        return [await opened.say(name, each) for each in said]

    return session


def test_the_agent_edits_what_the_user_sees(with_agent, calc):
    editor = Editor(buffers={str(calc): TYPED})
    with_agent(prompts("Mend it."), READ, EDIT, says("Mended."), editor=editor, files=BOTH, flags=EDITS)
    read, edit = editor.calls()
    assert "# typed, not saved" in read["content"][0].content.text
    assert (edit["content"][0].old_text, edit["content"][0].new_text) == (TYPED, MENDED)
    assert editor.wrote[-1] == (str(calc), MENDED)
    assert calc.read_text() == MENDED
    assert editor.buffers == {}


@pytest.mark.parametrize("files", [(True, True), (True, False)])
def test_undoing_goes_back_to_what_was_typed_and_not_saved(with_agent, calc, files):
    editor = Editor(buffers={str(calc): TYPED})

    async def session(opened):
        name = await opened.begin()
        await opened.say(name, "Mend it.")
        editor.buffers.clear()
        after = calc.read_text()
        await opened.say(name, "/undo")
        undone = calc.read_text()
        await opened.say(name, "/redo")
        return after, undone, calc.read_text()

    script = (READ, EDIT, says("Mended."))
    after, undone, again = with_agent(session, *script, editor=editor, files=files, flags=EDITS)
    assert (after, undone, again) == (MENDED, TYPED, MENDED)


def test_undoing_goes_back_behind_what_the_turn_had_done_before(with_agent, calc, project):
    editor = Editor(buffers={str(calc): TYPED})
    write = does("write", json.dumps({"path": "other.txt", "content": "x"}))
    script = (write, EDIT, says("Mended."))
    with_agent(prompts("Mend it.", "/undo"), *script, editor=editor, files=BOTH, flags=EDITS)
    assert not (project / "other.txt").exists()


def test_an_editor_that_only_shows_what_is_written_does_not_keep_it_from_the_disk(with_agent, calc):
    editor = Editor(buffers={str(calc): TYPED}, saves=False)
    with_agent(prompts("Mend it."), EDIT, says("Mended."), editor=editor, files=BOTH, flags=EDITS)
    assert calc.read_text() == MENDED


def test_an_editor_that_offers_no_files_is_not_asked_for_any(with_agent, calc):
    editor = Editor(buffers={str(calc): TYPED})
    with_agent(prompts("Mend it."), READ, EDIT, says("Mended."), editor=editor, flags=EDITS)
    assert (editor.read, editor.wrote) == ([], [])
    assert calc.read_text() == SAVED.replace("a - b", "a + b")


def test_a_search_looks_at_the_disk_and_opens_nothing(with_agent, calc):
    editor = Editor(buffers={str(calc): TYPED})
    search = does("search", json.dumps({"pattern": "return"}))
    with_agent(prompts("Find it."), search, says("Found."), editor=editor, files=BOTH)
    assert editor.read == []
    assert "return a - b" in editor.calls()[0]["content"][0].content.text
