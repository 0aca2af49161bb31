"""Search and list: what is found, what is left out and said, and files made to hang or to mislead."""

import os
import threading
import time

import pytest
from support.tool_calls import PolicyAlone, called, failure, planned, surroundings

from demiurgic.tools.list_files import ListTool
from demiurgic.tools.protocol import Effect, EffectKind
from demiurgic.tools.search import SearchTool

SEARCH, LIST = SearchTool(), ListTool()


def around_of(root, tokens=4000):
    return surroundings(root, tokens, sandbox=PolicyAlone(root, hidden=(".env", "secrets")))


@pytest.fixture
def around(tmp_path):
    root = tmp_path / "work"
    for name, text in {
        "src/main.py": "import os\n\n\ndef main():\n    return os.getcwd()\n",
        "src/util/text.py": "def shorten(text):\n    return text[:10]\n",
        "src/util/text.ts": "export function shorten() {}\r\n",
        "docs/a.md": "def is a word\n",
        "build/out.py": "def generated(): ...\n",
        ".gitignore": "build/\n",
        ".env": "def = SECRET\n",
        ".git/config": "def\n",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return around_of(root)


def test_lines_come_by_file_with_their_numbers(around):
    assert called(SEARCH, around, pattern=r"def \w+\(").text == (
        "src/main.py\n4: def main():\nsrc/util/text.py\n1: def shorten(text):"
    )
    assert called(SEARCH, around, pattern="shorten").text == (
        "src/util/text.py\n1: def shorten(text):\nsrc/util/text.ts\n1: export function shorten() {}"
    )
    assert planned(SEARCH, around, pattern="x").effects == (Effect(EffectKind.READ, "."),)
    assert planned(SEARCH, around, pattern="x", path="src").effects == (Effect(EffectKind.READ, "src"),)


def test_in_one_file_matches_come_among_their_neighbours(around):
    (around.workspace.root / "long.txt").write_text("".join(f"line {number}\n" for number in range(1, 31)))
    found = called(SEARCH, around, pattern="line (4|5|20|30)$", path="long.txt").text
    assert found.split("\n") == [
        "long.txt",
        *("2- line 2", "3- line 3", "4: line 4", "5: line 5", "6- line 6", "7- line 7"),
        *("18- line 18", "19- line 19", "20: line 20", "21- line 21", "22- line 22"),
        *("28- line 28", "29- line 29", "30: line 30"),
    ]
    crowded = called(SEARCH, around, pattern="line", path="long.txt").text
    assert crowded.split("\n")[1:] == [f"{number}: line {number}" for number in range(1, 31)]


def test_neighbours_that_would_not_fit_are_left_out(tmp_path):
    (tmp_path / "wide.txt").write_text(f"{'a ' * 900}\nhere\n{'b ' * 900}\n")
    assert called(SEARCH, around_of(tmp_path, 200), pattern="here", path="wide.txt").text == "wide.txt\n2: here"


def test_what_is_ignored_hidden_or_of_git_is_not_searched(around):
    text = called(SEARCH, around, pattern="def").text
    assert "docs/a.md" in text
    for name in ("build", ".env", "SECRET", ".git"):
        assert name not in text


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        ({"path": "src/util"}, ["src/util/text.py", "src/util/text.ts"]),
        ({"path": "src/main.py"}, ["src/main.py"]),
        ({"glob": "*.py"}, ["src/main.py", "src/util/text.py"]),
        ({"glob": "*.{ts,md}"}, ["docs/a.md", "src/util/text.ts"]),
        ({"glob": "src/*.py"}, ["src/main.py"]),
        ({"glob": "**/util/**"}, ["src/util/text.py", "src/util/text.ts"]),
        ({"path": "src", "glob": "util/*.py"}, ["src/util/text.py"]),
        ({"path": "src", "glob": "./src/*.py"}, ["src/main.py"]),
    ],
)
def test_folders_and_patterns_narrow_it_down(around, arguments, files):
    text = called(SEARCH, around, pattern=".", **arguments).text
    assert [line for line in text.split("\n") if line[:1].isalpha()] == files
    if "." not in arguments.get("path", ""):
        assert called(LIST, around, **arguments).text.split("\n") == files


def test_what_is_no_regex_is_searched_as_text(around):
    text = called(SEARCH, around, pattern="main(").text
    assert text == "src/main.py\n4: def main():\n[not a valid regex: searched as plain text]"
    assert called(SEARCH, around, pattern="nowhere to be seen").text == "Nothing in 5 files matches."


def test_too_many_matches_are_thinned_out_file_by_file_and_counted(tmp_path):
    for name in range(30):
        (tmp_path / f"f{name:02}").write_text("needle in line\n" * 40)
    around = around_of(tmp_path, 600)
    text = called(SEARCH, around, pattern="needle").text
    assert around.budget.count(text) <= 600
    assert text.startswith("f00\n1: needle in line\n")
    assert "more in this file]" in text
    shown = text.count("\n1: needle")
    assert shown == 30 or text.endswith(f"[and {30 - shown} more files: name a folder, a glob or a longer pattern]")
    few = called(SEARCH, around_of(tmp_path, 60), pattern="needle").text
    assert around.budget.count(few) <= 70
    assert "more files:" in few


def test_a_pattern_that_never_ends_is_stopped_while_the_program_goes_on(tmp_path):
    for name in range(20):
        (tmp_path / f"f{name}").write_text("a" * 5000 + "\n")
    ticks = []
    over = threading.Event()
    clock = threading.Thread(
        target=lambda: [ticks.append(time.monotonic()) for _ in iter(lambda: over.wait(0.05), True)]
    )
    clock.start()
    begun = time.monotonic()
    message = failure(SEARCH, around_of(tmp_path), pattern="(a|aa)+$(?<=b)")
    over.set()
    clock.join()
    assert message == "the pattern takes too long to match; make it simpler"
    assert time.monotonic() - begun < 30
    assert len(ticks) > 3 * (time.monotonic() - begun), "the interpreter stood still"


def test_binary_huge_and_strange_files_are_passed_over_or_told(tmp_path):
    (tmp_path / "binary").write_bytes(b"needle\0")
    (tmp_path / "latin").write_bytes("caf\u00e9 needle\n".encode("cp1252"))
    with (tmp_path / "sparse").open("wb") as file:
        file.write(b"needle\n" + b"x" * 9000)
        file.truncate(1 << 30)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "out").symlink_to("/etc")
    (tmp_path / "minified").write_text("x" * 50_000 + "needle" + "y" * 50_000)
    text = called(SEARCH, around_of(tmp_path), pattern="needle").text
    assert "latin\n1: caf\u00e9 needle" in text
    assert "sparse\n1: needle" in text
    assert "[only the beginning of sparse was searched: it is large]" in text
    assert "binary" not in text
    (line,) = (line for line in text.split("\n") if line.startswith("1: ..."))
    assert "needle" in line
    assert len(line) < 300


def test_names_that_would_mislead_are_spelled_out(tmp_path):
    (tmp_path / "\x1b[2Ja\nsrc.py").write_text("needle")
    text = called(SEARCH, around_of(tmp_path), pattern="needle").text
    assert text == "\\x1b[2Ja\\nsrc.py\n1: needle"
    assert called(LIST, around_of(tmp_path)).text == "\\x1b[2Ja\\nsrc.py"


def test_a_place_that_is_not_there_is_told_and_the_outside_is_closed(around):
    assert "holds main.py, util/" in failure(SEARCH, around, pattern="x", path="src/utlx")
    assert "the workspace holds" in failure(LIST, around, path="nothing")
    for path in ("..", "/etc", "~"):
        assert "outside the workspace" in failure(SEARCH, around, pattern="x", path=path)
        assert "outside the workspace" in failure(LIST, around, path=path)
    assert "`pattern` is empty" in failure(SEARCH, around, pattern="")


def test_a_cancelled_search_says_so(tmp_path):
    (tmp_path / "a").write_text("needle")
    around = around_of(tmp_path)
    around.cancel.set()
    assert called(SEARCH, around, pattern="needle").text.endswith("[stopped: not all files were searched]")


def test_all_files_are_listed_or_folders_with_what_they_hold(around, tmp_path):
    assert called(LIST, around).text == (".gitignore\ndocs/a.md\nsrc/main.py\nsrc/util/text.py\nsrc/util/text.ts")
    assert called(LIST, around, path="src/util").text == "src/util/text.py\nsrc/util/text.ts"
    small = around_of(around.workspace.root, 12)
    assert called(LIST, small).text == ".gitignore\ndocs/ (1 files)\nsrc/ (3 files)"
    assert called(LIST, around, glob="*.rs").text == "No file fits."
    for name in range(200):
        (tmp_path / "work" / f"file{name:03}").write_text("")
    small = around_of(around.workspace.root, 120)
    text = called(LIST, small).text
    assert small.budget.count(text) <= 120
    assert text.endswith("more: name a folder or a glob]")
