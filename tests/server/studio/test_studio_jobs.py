"""Jobs of the studio: real commands that outlive pages and servers, stop when asked to, and are found again."""

import json
import signal
import subprocess
import sys
import threading

import psutil
import pytest
from support.local_site import LocalSite, Reply
from support.studio import studio, until

from demiurgic_server.studio.studio import FORMS

PAGE = "<html><head><title>{0}</title></head><body><main><h1>{0}</h1><p>{1}</p>{2}</main></body></html>"
SAID = "The library of the north campus is open from eight in the morning until ten in the evening on every day. "


def site(count=6):
    links = "".join(f'<a href="/page{number}">Page {number}</a>' for number in range(count))
    pages = {"/": Reply(PAGE.format("Campus", SAID * 3, links).encode())}
    for number in range(count):
        pages[f"/page{number}"] = Reply(PAGE.format(f"Page {number}", f"{SAID} Room {number}. " * 3, "").encode())
    return LocalSite(pages)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with studio(tmp_path_factory.mktemp("jobs")) as opened:
        yield opened


def rows(running, path, **more):
    with running.client() as client:
        answer = client.get("/studio/rows", params={"path": path, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()


def log(running, name, after=0):
    with running.client() as client:
        return client.get(f"/studio/jobs/{name}/log", params={"after": after}).json()


def test_a_site_becomes_clean_pages(running):
    with site() as local:
        name = running.start_job("crawl", url=local.url, private=True, delay="0", depth="1", out="campus")
        assert running.ended(name)["state"] == "done", log(running, name)
        assert local.counts["/page3"] == 1
    cleaned = running.start_job("clean", folder="campus", out="campus-clean")
    assert running.ended(cleaned)["state"] == "done", log(running, cleaned)
    index = rows(running, "campus-clean/index.jsonl")
    assert len(index["lines"]) >= 6
    assert "pages" in log(running, cleaned)["text"]
    with running.client() as client:
        folders = client.get("/studio/files", params={"ending": "/index.jsonl"}).json()
    assert {"campus", "campus-clean"} <= set(folders)


def test_of_every_dropped_row_the_reason_is_shown(running):
    said = [
        "A list is changed in place by its method sort, and sorted makes a new one.",
        "No.",
        "I cannot help with that, sorry.",
    ]
    lines = [
        {"messages": [{"role": "user", "content": f"Question {at}?"}, {"role": "assistant", "content": text}]}
        for at, text in enumerate(said)
    ]
    (running.work / "mixed.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    name = running.start_job("filter", sources=["mixed.jsonl"], out="kept.jsonl", duplicates="near", shortest="20")
    assert running.ended(name)["state"] == "done", log(running, name)
    dropped = rows(running, "kept.dropped.jsonl")["lines"]
    assert {each["value"]["line"] for each in dropped} == {2, 3}
    for each in dropped:
        assert each["value"]["reason"]
        assert each["source"] == lines[each["value"]["line"] - 1]
    first = rows(running, "mixed.jsonl", count=2)
    rest = rows(running, "mixed.jsonl", count=2, after=first["next"])
    assert [each["value"] for each in (*first["lines"], *rest["lines"])] == lines
    assert rest["next"] is None


def test_a_job_that_fails_says_why_in_one_line(running):
    (running.work / "nothing.jsonl").write_text("")
    name = running.start_job("split", sources=["nothing.jsonl"], out="divided")
    assert running.ended(name) | {"code": 2, "state": "failed"} == running.job(name)
    assert log(running, name)["text"].startswith("demiurgic: ")


def test_a_log_is_read_on_from_where_it_was_left(running):
    (running.work / "plain.jsonl").write_text('{"messages": [{"role": "user", "content": "x"}]}\n')
    name = running.start_job("convert", sources=["plain.jsonl"], out="converted.jsonl")
    running.ended(name)
    first = log(running, name)
    assert "1 rows" in first["text"]
    assert log(running, name, first["next"])["text"] == ""
    assert first["job"]["command"] == "demiurgic data convert rows plain.jsonl --out=converted.jsonl"


def test_a_job_that_is_stopped_can_go_on(running):
    with site(40) as local:
        name = running.start_job("crawl", url=local.url, private=True, delay="0.2", depth="1", out="slow")
        until(lambda: local.counts["/page2"])
        with running.client() as client:
            assert client.delete(f"/studio/jobs/{name}").status_code == 409
            client.post(f"/studio/jobs/{name}/stop")
            assert running.ended(name)["state"] == "stopped"
            asked = len(local.asked)
            again = client.post(f"/studio/jobs/{name}/again").json()["id"]
            until(lambda: len(local.asked) > asked + 2)
            client.post(f"/studio/jobs/{again}/stop")
            running.ended(again)
            assert local.counts["/page0"] == 1, "it began anew instead of going on"
            assert client.delete(f"/studio/jobs/{name}").status_code == 204
            assert name not in client.get("/studio/jobs").text


def test_a_job_outlives_a_killed_server_and_is_found_by_the_next(tmp_path):
    with site(8) as local, studio(tmp_path) as first:
        local.held = {"/page1": threading.Event(), "/page5": threading.Event()}
        name = first.start_job("crawl", url=local.url, private=True, delay="0", depth="1", out="campus")
        until(lambda: local.counts["/page1"])
        first.kill()
        local.held["/page1"].set()
        until(lambda: local.counts["/page5"])  # it went on without a server
        with studio(tmp_path) as second:
            assert second.token == first.token
            assert second.job(name)["state"] == "running"
            local.held["/page5"].set()
            assert second.ended(name)["state"] == "done"
            assert len(rows(second, "campus/index.jsonl")["lines"]) >= 8


def test_a_job_whose_processes_were_killed_is_told_as_lost(running):
    with site(40) as local:
        name = running.start_job("crawl", url=local.url, private=True, delay="0.2", depth="1", out="killed")
        until(lambda: local.counts["/page1"])
        for process in psutil.process_iter(["cmdline"]):
            if name in " ".join(process.info["cmdline"] or ()):
                keeper = process
        children = keeper.children()
        keeper.kill()
        assert running.job(name)["state"] == "running", "the command itself still runs"
        for child in children:
            child.send_signal(signal.SIGKILL)
        assert running.ended(name)["state"] == "lost"


def test_a_stop_that_comes_before_the_command_has_begun_is_heard(running):
    with site(40) as local:
        name = running.start_job("crawl", url=local.url, private=True, delay="0.2", depth="1", out="early")
        with running.client() as client:
            assert client.post(f"/studio/jobs/{name}/stop").json()["state"] == "stopping"
            client.post(f"/studio/jobs/{name}/stop")
            assert running.ended(name)["state"] == "stopped"
            assert client.post(f"/studio/jobs/{name}/stop").json()["state"] == "stopped", "twice is no mistake"


def test_the_list_bears_a_job_that_is_damaged(running):
    jobs = running.home / "state" / "demiurgic" / "studio" / "jobs"
    (jobs / "20200101-000000-aaaaaa").mkdir()
    (jobs / "20200101-000000-bbbbbb").mkdir()
    (jobs / "20200101-000000-bbbbbb" / "job.json").write_text('{"cut')
    (jobs / "note.txt").write_text("")
    name = running.start_job("crawl", url="no address")
    running.ended(name)
    with running.client() as client:
        assert next(job["id"] for job in client.get("/studio/jobs").json()) == name
        assert client.get("/studio/jobs/20200101-000000-bbbbbb/log").status_code == 404


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_forms_name_flags_that_their_commands_have(form):
    told = subprocess.run(
        [sys.executable, "-m", "demiurgic", *form.words, "--help"], capture_output=True, text=True, check=True
    ).stdout
    for field in form.fields:
        assert not field.flag or field.flag in told, f"{form.name}: {field.flag}"
