"""From a real local site to rows, by a real model."""

import signal
import subprocess
import sys
import time

import pytest
from support.campus import campus

from demiurgic_training.files import read_rows
from demiurgic_training.rows import Row
from demiurgic_training.web.grounding import Grounds
from demiurgic_training.web.pages import read_index, read_text

DATA = [sys.executable, "-m", "demiurgic", "data"]


@pytest.mark.slow
def test_a_site_becomes_questions_and_answers(tmp_path, qwen):
    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*DATA, *map(str, words)], cwd=tmp_path, capture_output=True, text=True, timeout=550)

    with campus() as site:
        crawled = run("crawl", f"{site.url}/", "--allow-private", "--delay", "0", "--timeout", "2", "--out", "site")
    assert crawled.returncode == 0, crawled.stderr
    assert run("clean", "site").returncode == 0
    asking = ("qa", "site-clean", "--model", qwen, "--pages", "4", "--pairs", "2", "--parallel", "2")
    program = subprocess.Popen([*DATA, *map(str, asking)], cwd=tmp_path, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 300
    while not (journal := tmp_path / "qa.jsonl.journal").exists() or not journal.read_bytes().endswith(b"\n"):
        assert time.monotonic() < end
        time.sleep(0.05)
    program.send_signal(signal.SIGKILL)
    program.wait()
    first = journal.read_text().splitlines()
    asked = run(*asking)
    assert asked.returncode == 0, asked.stderr
    assert journal.read_text().splitlines()[: len(first)] == first
    rows = list(read_rows(tmp_path / "qa.jsonl"))
    folder = tmp_path / "site-clean"
    pages = {page.source: Grounds(read_text(folder, page)) for page in read_index(folder)[:4]}
    assert rows
    for row in rows:
        assert isinstance(row, Row)
        assert row.question
        assert row.answer
        assert pages[row.meta["page"]].find(row.meta["quote"]) == row.meta["quote"]
        assert row.meta["teacher"] == qwen.stem
