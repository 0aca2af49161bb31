"""Who may enter the studio, and which files can be named there."""

import re

import pytest
from support.raw_http import ask, request
from support.studio import studio

FOREIGN = ("/etc/passwd", "../outside.jsonl", "link.jsonl", "linked/outside.jsonl", "~/secret.jsonl", "a/../../x", "\0")
HIDDEN = (".env", ".git/config.jsonl", "../state/demiurgic/studio/token")


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    home = tmp_path_factory.mktemp("door")
    work = home / "work"
    (work / ".git").mkdir(parents=True)
    (home / "outside.jsonl").write_text('{"secret": 1}\n')
    (work / "rows.jsonl").write_text('{"messages": []}\n')
    (work / ".env").write_text("OPENAI_API_KEY=sk-1\n")
    (work / ".git" / "config.jsonl").write_text("{}\n")
    (work / "link.jsonl").symlink_to(home / "outside.jsonl")
    (work / "linked").symlink_to(home)
    with studio(home, "--allow-host", "box.example", OPENAI_API_KEY="sk-very-secret-1") as running:
        yield running


def get(door, path, **headers):
    return ask(door.port, request(path=path, **headers))


def key(door):
    return {"authorization": f"Bearer {door.token}"}


PATHS = [
    "/studio/state",
    "/studio/jobs",
    "/studio/assets/app.js",
    "/v1/models",
    "/studio/rows?path=rows.jsonl",
    "/docs",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer x"}, {"cookie": "demiurgic-studio=x"}])
def test_without_the_token_there_is_nothing(door, path, headers):
    assert get(door, path, **headers).status == 401
    wrong = {"cookie": f"demiurgic-studio-{door.port}=wrong"}
    assert get(door, path, **wrong).status == 401


@pytest.mark.parametrize("path", ["/", "/?token=wrong", "/?token="])
def test_who_has_no_token_is_told_where_it_is(door, path):
    answer = get(door, path)
    assert answer.status == 401
    assert b"demiurgic studio" in answer.body
    assert door.token.encode() not in answer.body


def test_the_address_becomes_a_cookie_that_scripts_and_other_sites_do_not_get(door):
    answer = get(door, f"/?token={door.token}")
    assert answer.status == 303
    assert answer.header("location") == "/"
    cookie = answer.header("set-cookie")
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    pair = {"cookie": cookie.partition(";")[0]}
    page = get(door, "/", **pair)
    assert page.status == 200
    assert door.token.encode() not in page.body
    assert "default-src 'none'" in page.header("content-security-policy")
    assert "frame-ancestors 'none'" in page.header("content-security-policy")
    assert page.header("referrer-policy") == "no-referrer"
    assert get(door, "/studio/state", **pair).status == 200


def test_another_page_may_not_call_it_with_the_users_own_cookie(door):
    cookie = {"cookie": f"demiurgic-studio-{door.port}={door.token}"}
    assert get(door, "/studio/state", **cookie).status == 200
    assert get(door, "/studio/state", origin="https://evil.example", **cookie).status == 403
    assert get(door, "/studio/state", origin="http://127.0.0.1:1", **cookie).status == 403
    for site in ("cross-site", "same-site"):
        assert get(door, "/studio/state", sec_fetch_site=site, **cookie).status == 403
    assert get(door, "/studio/state", sec_fetch_site="same-origin", **cookie).status == 200
    form = request("POST", "/studio/jobs", b"form=crawl", content_type="application/x-www-form-urlencoded", **cookie)
    assert ask(door.port, form).status == 415


def test_a_foreign_name_for_it_is_not_answered(door):
    for path in ("/studio/state", "/"):
        assert get(door, path, host="evil.example", **key(door)).status == 421
    assert get(door, "/studio/state", host="box.example", **key(door)).status == 200


def test_only_this_machine_can_reach_it(door):
    found = door.process.pid
    import psutil

    listening = [each.laddr.ip for each in psutil.Process(found).net_connections("inet") if each.status == "LISTEN"]
    assert listening == ["127.0.0.1"]


@pytest.mark.parametrize("path", [*FOREIGN, *HIDDEN])
def test_no_file_outside_the_folder_can_be_read(door, path):
    with door.client() as client:
        for place in ("/studio/rows", "/studio/report", "/studio/runs/log"):
            answer = client.get(place, params={"path": path})
            assert answer.status_code in (400, 403), (place, answer.text)
            assert "secret" not in answer.text.replace(path, "")


@pytest.mark.parametrize("path", [path for path in (*FOREIGN, *HIDDEN) if path != "\0"])
def test_no_command_is_sent_outside_the_folder(door, path):
    rows = {"form": "filter", "values": {"sources": [path], "out": "kept.jsonl"}}
    out = {"form": "filter", "values": {"sources": ["rows.jsonl"], "out": path}}
    model = {"form": "humaneval", "values": {"model": path if "/" in path else f"./{path}"}}
    recipe = {"do": "estimate", "recipe": {"model": "x", "out": "run", "data": {"train": path}}}
    run = {"do": "estimate", "recipe": {"model": "x", "out": path, "data": {"train": "rows.jsonl"}}}
    with door.client() as client:
        for where, body in (("jobs", rows), ("jobs", out), ("jobs", model), ("train", recipe), ("train", run)):
            answer = client.post(f"/studio/{where}", json=body)
            assert answer.status_code in (400, 403, 404), (body, answer.text)
        assert client.get("/studio/jobs").json() == []


def test_what_is_listed_lies_inside(door):
    with door.client() as client:
        files = client.get("/studio/files", params={"ending": [".jsonl", "/config.jsonl"]}).json()
    assert files == ["rows.jsonl"]


@pytest.mark.parametrize("name", ["..%2Fstudio.py", "%2e%2e/jobs.py", "nothing.js", "index.html%00.js"])
def test_only_the_pages_own_parts_are_served(door, name):
    assert get(door, f"/studio/assets/{name}", **key(door)).status == 404


@pytest.mark.parametrize(
    "values",
    [
        {"url": "--allow-private"},
        {"url": "https://a.example", "depth": "1 --allow-private"},
        {"url": ["https://a.example", "--out=/tmp/x"]},
        {"url": "https://a.example", "anything": "--else"},
        {},
    ],
)
def test_nothing_but_what_a_form_asks_for_reaches_a_command(door, values):
    with door.client() as client:
        answer = client.post("/studio/jobs", json={"form": "crawl", "values": values})
    assert answer.status_code == 400, answer.text


def test_keys_are_not_shown(door):
    """Not even where a command wrote one."""
    name = door.start_job("crawl", url="https://sk-very-secret-1@a.example", contact="sk-very-secret-1")
    ended = door.ended(name)
    with door.client() as client:
        log = client.get(f"/studio/jobs/{name}/log").text
        listed = client.get("/studio/jobs").text
    assert ended["state"] == "failed"
    assert "is no address of the web" in log
    assert "sk-very-secret-1" not in log
    assert "sk-very-secret-1" not in listed
    assert not re.search(r"sk-very-secret-1", door.log)


def test_the_token_is_its_users_alone_and_stays_the_same(door):
    file = door.home / "state" / "demiurgic" / "studio" / "token"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text() == door.token
