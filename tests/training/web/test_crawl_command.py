"""`demiurgic data crawl` as a program: killed, interrupted, and told what cannot be."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from support.campus import campus

CRAWL = [sys.executable, "-m", "demiurgic", "data", "crawl"]
POLITE = ("--allow-private", "--contact", "me@example.org", "--delay", "0", "--timeout", "2")


def run(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CRAWL, *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=60)


def started(folder: Path, *words: object) -> subprocess.Popen[str]:
    return subprocess.Popen([*CRAWL, *map(str, words)], cwd=folder, stderr=subprocess.PIPE, text=True)


def arrives(site, path: str) -> None:
    end = time.monotonic() + 30
    while path not in site.counts:
        assert time.monotonic() < end, f"{path} was never asked for"
        time.sleep(0.01)


def test_a_site_is_crawled(tmp_path):
    with campus() as site:
        done = run(tmp_path, f"{site.url}/", *POLITE, "--out", "site")
    assert done.returncode == 0, done.stderr
    assert "    32 pages kept" in done.stdout
    assert "     2 failed; start again to try them once more" in done.stdout
    assert done.stdout.endswith("pages: site\n")
    assert len((tmp_path / "site" / "index.jsonl").read_text().splitlines()) == 32


def test_kill_9_costs_only_the_page_that_was_read_just_then(tmp_path):
    with campus() as site:
        site.held["/news/5.html"] = threading.Event()
        program = started(tmp_path, f"{site.url}/", *POLITE, "--out", "site")
        arrives(site, "/news/5.html")
        program.kill()
        program.communicate()
        assert program.returncode == -signal.SIGKILL
        before = site.counts
        site.held["/news/5.html"].set()
        with (tmp_path / "site" / "crawl.jsonl").open("ab") as journal:
            journal.write(b'{"place": {"url"')  # as if it had been killed while it wrote
        done = run(tmp_path, f"{site.url}/", *POLITE, "--out", "site")
    assert done.returncode == 0, done.stderr
    twice = {path for path in before if site.counts[path] > before[path]}
    assert twice == {"/robots.txt", "/news/5.html"}
    assert before["/news/4.html"] == 1
    files = [json.loads(line)["file"] for line in (tmp_path / "site" / "index.jsonl").read_text().splitlines()]
    assert len(files) == len(set(files)) == 32
    assert all((tmp_path / "site" / file).read_text() for file in files)


def test_ctrl_c_ends_it_at_once_and_it_goes_on(tmp_path):
    with campus() as site:
        site.held["/news/2.html"] = threading.Event()
        program = started(tmp_path, f"{site.url}/", *POLITE, "--timeout", "30", "--out", "site")
        arrives(site, "/news/2.html")
        begun = time.monotonic()
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=20)
        assert time.monotonic() - begun < 3
        assert program.returncode == 130
        assert "Traceback" not in errors
        assert len((tmp_path / "site" / "index.jsonl").read_text().splitlines()) == 3
        site.held["/news/2.html"].set()
        assert run(tmp_path, f"{site.url}/", *POLITE, "--out", "site").returncode == 0
    assert site.counts["/news/1.html"] == 1


def test_one_program_at_a_time_writes_to_a_folder(tmp_path):
    with campus() as site:
        site.held["/about.html"] = threading.Event()
        program = started(tmp_path, f"{site.url}/", *POLITE, "--out", "site")
        arrives(site, "/about.html")
        done = run(tmp_path, f"{site.url}/", *POLITE, "--out", "site")
        program.kill()
        program.communicate()
    assert done.returncode == 2
    assert "another program writes to site" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ftp://host/"], "no address of the web"),
        (["http://host.example/"], "add --contact you@example.org"),
        (["http://host.example/", "--contact", "who am i"], "one word of plain letters"),
        (["http://127.0.0.1:1/", "--contact", "a@b.example"], "add --allow-private"),
        (["http://127.0.0.1:1/", *POLITE, "--depth", "-1"], "--depth is -1"),
        (["http://127.0.0.1:1/", *POLITE, "--delay", "nan"], "--delay is nan"),
        (["http://127.0.0.1:1/", *POLITE, "--max-pages", "0"], "--max-pages is 0"),
        (["http://127.0.0.1:1/", "--depth", "x"], "invalid int value"),
        ([], "required"),
    ],
)
def test_wrong_input_is_one_line_with_the_next_step(tmp_path, words, said):
    done = run(tmp_path, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "; " in done.stderr
    assert not list(tmp_path.iterdir())


def test_offline_is_kept_to(tmp_path):
    (tmp_path / ".demiurgic").mkdir()
    (tmp_path / ".demiurgic" / "config.toml").write_text("offline = true\n")
    with campus() as site:
        done = run(tmp_path, f"{site.url}/", *POLITE)
    assert done.returncode == 2
    assert "offline" in done.stderr
    assert not site.asked


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    with campus() as site:
        done = run(tmp_path, f"{site.url}/deep/3", *POLITE, "--out", "file/site")
    assert done.returncode == 2
    assert "name another folder with --out" in done.stderr
