"""What models are not shown, and what is noted on this machine alone."""

import json
import os
import stat
import time

from demiurgic_lsp.completion.hole import hole_at
from demiurgic_lsp.completion.nearby import Neighbourhood
from demiurgic_lsp.discretion import Discretion
from demiurgic_lsp.journal import Journal


def test_secrets_ignored_files_and_what_is_no_text_are_not_shown(tmp_path):
    (tmp_path / ".gitignore").write_text("build/\n*.log\n!kept.log\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / ".gitignore").write_text("local.py\n")
    judges = Discretion(lambda: [tmp_path])

    def allows(name, text="x = 1\n"):
        return judges.allows(f"{tmp_path}/{name}", text)

    assert allows("src/main.py")
    assert allows("kept.log")
    assert not any(map(allows, ("build/a.py", "a.log", "src/local.py", ".env", "key.pem", "src/.env.local")))
    assert not allows("a.py", "\0")
    assert not allows("a.py", "x" * 2_000_001)
    assert judges.allows("/elsewhere/build/a.py", "x")
    assert judges.allows("untitled:Untitled-1", "x")


def test_rules_that_change_are_seen_soon(tmp_path):
    judges = Discretion(lambda: [tmp_path])
    path = f"{tmp_path}/a.py"
    assert judges.allows(path, "")
    (tmp_path / ".gitignore").write_text("a.py\n")
    deadline = time.monotonic() + 10
    while judges.allows(path, "") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not judges.allows(path, "")


def test_a_pipe_in_the_place_of_rules_holds_nobody_up(tmp_path):
    os.mkfifo(tmp_path / ".gitignore")
    assert Discretion(lambda: [tmp_path]).allows(f"{tmp_path}/a.py", "")


def hole(text, path="a.py"):
    return hole_at(path, text.replace("█", ""), text.index("█"))


def test_what_became_of_a_text_is_noted_once_and_for_its_owner_only(tmp_path):
    journal = Journal(tmp_path / "ghost")
    place = hole("one\nx = █ + 2\nthree")
    name = journal.show(place, "python", "1")
    assert journal.show(place, "python", "1") == name
    journal.judge(name, "accepted", None, write=True)
    journal.judge(name, "rejected", 0, write=True)
    other = journal.show(hole("y = █"), "python", "10")
    journal.judge(other, "partial", 1, write=True)
    journal.judge("of long ago", "accepted", None, write=True)
    unwritten = journal.show(hole("z = █"), "python", "9")
    journal.judge(unwritten, "rejected", 0, write=False)
    [path] = (tmp_path / "ghost").iterdir()
    notes = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(note["verdict"], note["text"], note["length"]) for note in notes] == [
        ("accepted", "1", 1),
        ("partial", "10", 1),
    ]
    assert {key: notes[0][key] for key in ("above", "left", "right", "below", "language")} == {
        "above": "one\n", "left": "x = ", "right": " + 2", "below": "\nthree", "language": "python",
    }  # fmt: skip
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (journal.shown, journal.accepted) == (3, 2)


def test_a_text_that_was_typed_past_gets_no_verdict(tmp_path):
    journal = Journal(tmp_path)
    name = journal.show(hole("x = █"), "python", "123")
    journal.show(hole("x = 1█"), "python", "23")
    journal.show(hole("x = 19█"), "python", "5")
    journal.judge(name, "accepted", None, write=True)
    assert list(tmp_path.iterdir()) == []


def test_other_files_are_shown_in_an_order_that_lasts():
    files = Neighbourhood()
    for name in "abcde":
        files.saw(f"{name}.py", "".join(f"{name}_{number} = {number}\n" for number in range(100)), 50)
    first = files.wanted("a.py", "")
    assert [part.path for part in first] == ["e.py", "d.py", "c.py"]
    assert "e_50 = 50" in first[0].text
    assert all(len(part.text) <= 1000 for part in first)
    files.shown = first
    files.saw("b.py", "def b():\n    pass\n", 0)
    assert [part.path for part in files.wanted("a.py", "")] == ["e.py", "d.py", "b.py"]
    files.forget("d.py")
    assert [part.path for part in files.wanted("a.py", "")] == ["e.py", "c.py", "b.py"]
    assert "e.py" not in [part.path for part in files.wanted("a.py", first[0].text)]
    assert "b.py" not in [part.path for part in files.wanted("b.py", "")]
