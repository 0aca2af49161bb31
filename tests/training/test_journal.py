"""The journal of long work: many threads, a kill at any moment, and nothing that was said to be written is lost."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from demiurgic.errors import UserError
from demiurgic_training.journal import Journal

WRITER = """
import sys, threading
from pathlib import Path
from demiurgic_training.journal import Journal

journal, said = Journal(Path(sys.argv[1]), lambda line: None), threading.Lock()

def work(who):
    for number in range(100_000):
        journal.append({"who": who, "number": number})
        with said:
            print(who, number, flush=True)

for who in range(8):
    threading.Thread(target=work, args=(who,)).start()
"""


def held(path: Path) -> list[dict]:
    lines: list[dict] = []
    Journal(path, lines.append).close()
    return lines


def test_all_threads_are_heard(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    with Journal(path, print) as journal:

        def work(who: int) -> None:
            for number in range(20):
                journal.append({"who": who, "number": number}, {"who": who, "number": -number})

        threads = [threading.Thread(target=work, args=(who,)) for who in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = held(path)
    for who in range(16):
        numbers = [line["number"] for line in lines if line["who"] == who]
        assert numbers == [each for number in range(20) for each in (number, -number)]


def test_what_was_said_to_be_written_outlives_a_kill(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [tuple(map(int, writer.stdout.readline().split())) for _ in range(200)]
        os.kill(writer.pid, signal.SIGKILL)
        told += [tuple(map(int, line.split())) for line in writer.stdout.read().splitlines() if len(line.split()) == 2]
    lines = {(line["who"], line["number"]) for line in held(path)}
    assert set(told[:-1]) <= lines


def test_a_line_that_was_cut_off_is_dropped_and_written_over(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"n": 1}\n{"n": 2')
    with Journal(path, lambda line: None) as journal:
        journal.append({"n": 3})
    assert path.read_bytes() == b'{"n": 1}\n{"n": 3}\n'


def test_one_program_writes_at_a_time(tmp_path: Path):
    path = tmp_path / "journal.jsonl"
    with Journal(path, print), pytest.raises(UserError, match="another program"):
        Journal(path, print)


FULL = """
import resource, sys, threading
from pathlib import Path
from demiurgic.errors import WorkError
from demiurgic_training.journal import Journal

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
journal = Journal(Path(sys.argv[1]), lambda line: None)

def work():
    try:
        for number in range(1000):
            journal.append({"number": number})
            sys.stdout.write("written\\n")
    except WorkError as error:
        sys.stdout.write("refused\\n")

for _ in range(4):
    threading.Thread(target=work).start()
"""


def test_a_disk_that_is_full_is_told_to_everybody(tmp_path: Path):
    """Every writer learns it, and none is told that its line was written that was not."""
    path = tmp_path / "journal.jsonl"
    done = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True, timeout=60, check=True)
    words = done.stdout.split()
    assert words.count("refused") == 4
    assert words.count("written") == len(held(path)) > 20
