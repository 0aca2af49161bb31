"""A real server under those who run it and those who leave it: starts, figures, the log, places, limits, the end."""

import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx2
import pytest
from support.raw_http import Line, ask, chat, request
from support.serving import limited, listening, served

CHAT = "/v1/chat/completions"
ENDLESS = {"max_tokens": 900, "logit_bias": {"0": -100, "2": -100}, "stream": True}
"""SmolLM2 without the tokens that end a turn."""
LONG = "word " * 1500
PROMPTLY = 0.2
_LONGEST = 60.0


def until(condition, seconds=_LONGEST):
    """Wait for it. Returns how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen"
        time.sleep(0.005)
    return time.monotonic() - began


class Gauges:
    """The figures of a server."""

    def __init__(self, port):
        self._port = port

    def __getitem__(self, name):
        text = ask(self._port, request(path="/metrics", authorization="Bearer none")).body.decode()
        return float(re.search(rf"^demiurgic_{name} (\S+)$", text, re.MULTILINE)[1])


def begin(stack, server, content="Count.", key="none", **wishes):
    """A stream that is under way, or waits."""
    line = stack.enter_context(Line(server.port, 60))
    body = chat(content, **{**ENDLESS, **wishes})
    line.send(request("POST", CHAT, body, authorization=f"Bearer {key}"))
    return line


# Starting


def started(folder, *flags, **environment):
    """How it ends that does not begin."""
    return subprocess.run(
        [sys.executable, "-m", "demiurgic", "serve", *map(str, flags)],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=_LONGEST,
    )


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--host", "0.0.0.0"], "without a key"),
        (["--host", "::"], "without a key"),
        (["--host", ""], "without a key"),
        (["--host", "nowhere.invalid", "--api-key", "k"], "cannot be listened on"),
        (["--port", "70000"], "65535"),
        (["--port", "-1"], "65535"),
        (["--api-key", ""], "key"),
        (["--api-key", "two words\n"], "key"),
        (["--api-key-file", "empty"], "no key"),
        (["--api-key-file", "missing"], "cannot be read"),
        (["--host", "0.0.0.0", "--api-key-file", "empty"], "no key"),
        (["--cors", "*"], "origin"),
        (["--cors", "https://Pages.example/"], "origin"),
        (["--parallel", "0"], "--parallel"),
        (["--ctx", "-1"], "--ctx"),
        (["--timeout", "nan"], "--timeout"),
        (["--queue", "-1"], "--queue"),
        (["--tls-cert", "empty"], "go together"),
        (["--tls-cert", "empty", "--tls-key", "missing"], "no file missing"),
        (["--tls-cert", "empty", "--tls-key", "empty"], "no certificate"),
        (["--lora", "x=missing"], "no adapter file"),
        (["--lora", "x=empty@much"], "no number"),
        (["--lora", "x=empty", "--lora", "x=empty"], "same name"),
        (["--lora", "glm4=empty"], "both called"),
        (["--allow-agents", "missing"], "no folder"),
        (["--model", "missing.gguf"], "no file missing.gguf"),
        (["--model", "no-such-model"], "no-such-model"),
    ],
)
def test_what_cannot_be_meant_is_told_in_one_line(tmp_path, tiny_glm4, flags, says):
    (tmp_path / "empty").touch()
    ended = started(tmp_path, "--port", 0, "--model", tiny_glm4, *flags)
    assert ended.returncode == 2
    assert says in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stdout == ""


def test_a_port_in_use_is_told_in_one_line(tmp_path, tiny_glm4):
    with socket.create_server(("127.0.0.1", 0)) as other:
        ended = started(tmp_path, "--model", tiny_glm4, "--port", other.getsockname()[1])
    assert ended.returncode == 2
    assert "in use" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("size", [0, 100, 4000, 60_000])
def test_a_model_that_cannot_be_loaded_ends_it_in_one_line(tmp_path, tiny_glm4, size):
    (tmp_path / "broken.gguf").write_bytes(tiny_glm4.read_bytes()[:size])
    ended = started(tmp_path, "--model", "broken.gguf", "--port", 0)
    first, *others = ended.stderr.splitlines()
    assert ended.returncode in (1, 2)
    assert first.startswith("listening at http://127.0.0.1:")
    assert len(others) == 1
    assert others[0].startswith("demiurgic: ")


def test_it_is_not_ready_until_its_model_is_and_whoever_asks_meanwhile_waits(tmp_path, smollm2):
    with listening(tmp_path, "-m", "demiurgic", "serve", "--model", str(smollm2), "--port", "0") as server:
        assert ask(server.port, request(path="/ready")).status == 503
        assert ask(server.port, request(path="/health")).status == 200
        assert ask(server.port, request("POST", CHAT, chat())).status == 200
        assert ask(server.port, request(path="/ready")).status == 200
        assert server.stop() == 0


def test_it_can_be_ended_while_it_loads(tmp_path, smollm2):
    with listening(tmp_path, "-m", "demiurgic", "serve", "--model", str(smollm2), "--port", "0") as server:
        until(lambda: ask(server.port, request(path="/ready")).status == 503)
        assert server.stop() == 0
        assert "Traceback" not in server.log.read_text()


def test_a_narrow_terminal_shows_the_address_and_the_help(tmp_path, tiny_glm4):
    shown = started(tmp_path, "--help", COLUMNS="60")
    assert shown.returncode == 0
    assert max(map(len, shown.stdout.splitlines())) <= 60
    with served(tmp_path, tiny_glm4) as server:
        first = server.log.read_text().splitlines()[0]
        assert re.match(r"listening at http://127\.0\.0\.1:\d+/v1 for glm4$", first)


@pytest.mark.skipif(not shutil.which("openssl"), reason="nothing here makes certificates")
def test_it_speaks_tls(tmp_path, tiny_glm4):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost"]
    names = ["-days", "2", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", *kind, *names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    with served(tmp_path, tiny_glm4, "--tls-cert", certificate, "--tls-key", key, "--ctx", 512) as server:
        assert server.url.startswith("https://")
        with httpx2.Client(
            base_url=server.url, verify=ssl.create_default_context(cafile=certificate), timeout=60
        ) as client:
            assert client.get("/health").json() == {"status": "ok"}
            assert client.post(CHAT, content=chat(), headers={"content-type": "application/json"}).status_code == 200
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"{server.url}/health")
        assert ask(server.port, request()).status == 0  # and nothing without it
        assert server.stop() == 0


# Figures and the log


def test_the_figures_are_those_of_what_was_answered(tmp_path, smollm2):
    with served(tmp_path, smollm2, "--ctx", 1024, "--parallel", 2) as server:
        usages = []
        for content in ("Say hello.", "Say hello.", "Count to three."):
            answer = ask(server.port, request("POST", CHAT, chat(content, max_tokens=8)))
            usages.append(json.loads(answer.body)["usage"])
        for number in range(30):
            ask(server.port, request("GET", f"/path/{number}"))
            ask(server.port, request(f"METHOD{number}", "/health"))
        ask(server.port, request("POST", CHAT, b"{}"))
        figure = server.figure
        assert figure("prompt_tokens_total") == sum(usage["prompt_tokens"] for usage in usages)
        assert figure("completion_tokens_total") == sum(usage["completion_tokens"] for usage in usages) == 24
        cached = sum(usage["prompt_tokens_details"]["cached_tokens"] for usage in usages)
        assert figure("cached_prompt_tokens_total") == cached > 0
        assert figure("first_token_seconds_count") == figure("tokens_per_second_count") == 3
        assert 0 < figure("first_token_seconds_sum") < 60
        assert 0 < figure("tokens_per_second_sum") / 3 < 10_000
        assert figure("running") == figure("waiting") == 0
        with server.client() as client:
            text = client.get("/metrics").text
    counted = re.findall(r'^demiurgic_requests_total\{method="(\w+)",path="(\S+)",status="(\d+)"\} (\S+)$', text, re.M)
    requests = {tuple(labels): float(count) for *labels, count in counted}
    assert requests["POST", CHAT, "200"] == 3
    assert requests["POST", CHAT, "400"] == 1
    assert requests["GET", "other", "404"] == 30
    assert requests["other", "/health", "405"] == 30
    assert {path for _, path, _ in requests} == {CHAT, "other", "/health", "/ready", "/metrics"}


def test_the_log_tells_who_asked_for_what_and_how_that_went_and_nothing_of_what_was_said(tmp_path, tiny_glm4):
    with served(tmp_path, tiny_glm4, "--api-key", "topsecret", "--ctx", 512) as server:
        mark = "xylophone"
        key = {"authorization": "Bearer topsecret"}
        ask(server.port, request("POST", CHAT, chat(mark), **key))
        ask(server.port, request("POST", CHAT, chat(mark, stream=True), **key))
        ask(server.port, request("POST", CHAT, chat(mark, temperature=99), **key))
        ask(server.port, request("POST", CHAT, chat(mark)[:-2], **key))
        ask(server.port, request(path=f"/nowhere%0a%22?q={mark}", **key))
        ask(server.port, request(authorization=f"Bearer {mark}"))
        assert server.stop() == 0
        log = server.log.read_text()
    assert mark not in log
    assert "topsecret" not in log
    lines = [json.loads(line) for line in log.splitlines()[1:]]
    for line in lines:
        assert list(line) == ["at", "client", "method", "path", "status", "ms"]
    told = [
        (line["client"], line["method"], line["path"], line["status"]) for line in lines if line["path"] != "/ready"
    ]
    assert told == [
        ("key 1", "POST", CHAT, 200),
        ("key 1", "POST", CHAT, 200),
        ("key 1", "POST", CHAT, 400),
        ("key 1", "POST", CHAT, 400),
        ("key 1", "GET", '/nowhere\n"', 404),
        ("127.0.0.1", "GET", "/v1/models", 401),
    ]


# Places


@pytest.fixture(scope="module")
def small(tmp_path_factory, smollm2):
    """A server with two places, three in the line, and two clients."""
    flags = ["--ctx", 2048, "--parallel", 2, "--queue", 3, "--api-key", "none", "--api-key", "other"]
    with served(tmp_path_factory.mktemp("small"), smollm2, *flags) as server:
        yield server


@pytest.fixture
def gauges(small):
    gauges = Gauges(small.port)
    yield gauges
    until(lambda: gauges["running"] == gauges["waiting"] == 0)


@pytest.mark.parametrize("where", ["writing", "reading", "reading, in one piece", "in the line"])
def test_who_leaves_gives_up_their_place_at_once(small, gauges, where):
    def leave():
        with ExitStack() as stack:
            if where == "in the line":
                for _ in range(2):
                    begin(stack, small)
                until(lambda: gauges["running"] == 2)
            content = f"{time.monotonic()} {LONG}" if where.startswith("reading") else "Count."
            line = begin(stack, small, content, stream=not where.endswith("piece"), max_tokens=300)
            if where == "in the line":
                until(lambda: gauges["waiting"] == 1)
                line.socket.close()
                return until(lambda: gauges["waiting"] == 0)
            until(lambda: gauges["running"] == 1)
            if where == "writing":
                while b'"content":"' not in line.socket.recv(65536).replace(b'"content":""', b""):
                    pass
            else:
                time.sleep(0.1)
            line.socket.close()
            return until(lambda: gauges["running"] == 0)

    assert min(leave() for _ in range(3)) < PROMPTLY  # what else this machine does must not be held against it


def test_a_full_line_is_told_with_the_time_to_come_again(small, gauges):
    with ExitStack() as stack:
        for _ in range(5):
            begin(stack, small)
        until(lambda: (gauges["running"], gauges["waiting"]) == (2, 3))
        answer = begin(stack, small).read()
        assert answer.status == 429
        assert int(answer.header("retry-after")) >= 1
        assert answer.error["type"] == "rate_limit_error"
        assert answer.error["code"] == "queue_full"


def test_a_second_client_finds_room_where_the_first_has_filled_the_line(small, gauges):
    with ExitStack() as stack:
        running = [begin(stack, small, max_tokens=60 + 40 * number) for number in range(2)]
        until(lambda: gauges["running"] == 2)
        greedy = []
        for number in range(3):
            greedy.append(begin(stack, small, max_tokens=4))
            until(lambda number=number: gauges["waiting"] == number + 1)
        modest = begin(stack, small, key="other", max_tokens=4)
        assert greedy[2].read().status == 429  # the latest of those who have most
        answers = [line.read() for line in (*running, *greedy[:2], modest)]
        assert {answer.status for answer in answers} == {200}
        assert all(answer.body.endswith(b"data: [DONE]\n\n") for answer in answers)


def test_answers_under_way_do_not_disturb_each_other(small, gauges):
    def answer(content):
        body = chat(content, max_tokens=12)
        answer = ask(small.port, request("POST", CHAT, body, authorization="Bearer none"))
        return json.loads(answer.body)["choices"][0]["message"]["content"]

    questions = ["Say hello.", "Count to ten.", "Name a colour."]
    alone = [answer(question) for question in questions]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(answer, questions)) == alone


@pytest.mark.slow
def test_a_request_that_takes_too_long_is_told_so(tmp_path, smollm2):
    with limited(tmp_path, smollm2, seconds=0.7, parallel=1) as server:
        whole = ask(server.port, request("POST", CHAT, chat(**{**ENDLESS, "stream": False})))
        assert (whole.status, whole.error["code"]) == (408, "request_timeout")
        with ExitStack() as stack:
            stream, waiting = begin(stack, server), begin(stack, server)
            answer = stream.read()
            assert answer.status == 200
            *_, last, done, _ = answer.body.split(b"\n\n")
            assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "request_timeout"
            assert done == b"data: [DONE]"
            assert waiting.read().status == 408
        until(lambda: server.figure("running") == 0)


@pytest.mark.slow
def test_a_stream_shows_that_it_lives_while_its_prompt_is_read(tmp_path, smollm2):
    with limited(tmp_path, smollm2, pulse=0.05, parallel=2) as server, ExitStack() as stack:
        answer = begin(stack, server, "word " * 500, max_tokens=2).read()
        silence, written, _ = answer.body.partition(b'"delta":{"content":"')
        assert written
        assert silence.count(b": still here\n\n") >= 2


# Models


@pytest.mark.slow
def test_models_change_on_request_and_nobody_is_lost(tmp_path, tiny_glm4):
    other = shutil.copy(tiny_glm4, tmp_path / "other.gguf")
    with served(tmp_path, tiny_glm4, "--model", other, "--ctx", 512, "--parallel", 2, "--queue", 50) as server:
        names = ["glm4", "other"]

        def answer(number):
            body = chat(f"Say {number}.", model=names[number % 3 == 0], max_tokens=20, stream=number % 2 == 0)
            return number, ask(server.port, request("POST", CHAT, body))

        with ThreadPoolExecutor(9) as pool:
            for number, got in pool.map(answer, range(9)):
                assert got.status == 200, got.body
                assert f'"model":"{names[number % 3 == 0]}"'.encode() in got.body
                assert b'"error"' not in got.body
        unknown = ask(server.port, request("POST", CHAT, chat(model="glm5")))
        assert (unknown.status, unknown.error["code"]) == (404, "model_not_found")
        assert "glm4, other" in unknown.error["message"]
        assert str(tmp_path.parent) not in unknown.error["message"]  # where files lie is nobody's business


def test_an_adapter_is_named_like_a_model(tmp_path, tiny_glm4, tiny_lora):
    with served(tmp_path, tiny_glm4, "--lora", f"bent={tiny_lora}@4", "--ctx", 512) as server:
        listed = json.loads(ask(server.port, request()).body)["data"]
        assert [(one["id"], one.get("parent")) for one in listed] == [("glm4", None), ("bent", "glm4")]

        def said(model):
            body = chat(model=model, max_tokens=24, logprobs=True)
            answer = json.loads(ask(server.port, request("POST", CHAT, body)).body)
            return [token["bytes"] for token in answer["choices"][0]["logprobs"]["content"]]

        with ThreadPoolExecutor(2) as pool:
            plain, bent = pool.map(said, ["glm4", "bent"])
        assert plain == said("glm4") != bent == said("bent")


# The end


def ends_properly(answer):
    """Whole, or told that it is not."""
    if answer.status == 503:
        return answer.error["code"] == "stopping"
    frames = answer.body.split(b"\n\n")
    last = json.loads(frames[-3].removeprefix(b"data: "))
    finished = last["error"]["code"] == "stopping" if "error" in last else last["choices"][0]["finish_reason"]
    return answer.status == 200 and frames[-2:] == [b"data: [DONE]", b""] and bool(finished)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_under_load_ends_all_streams_properly(tmp_path, smollm2, number):
    with limited(tmp_path, smollm2, parallel=2, grace=0.5) as server, ExitStack() as stack:
        lines = [begin(stack, server, max_tokens=4 if place == 0 else 900) for place in range(5)]
        until(lambda: server.figure("waiting") >= 2)
        uploading = stack.enter_context(Line(server.port))
        uploading.send(request("POST", CHAT, b"{", content_length="100"))
        with ThreadPoolExecutor(6) as pool:
            answers = [pool.submit(line.read) for line in lines]
            began = time.monotonic()
            assert server.stop(number) == 0
            assert time.monotonic() - began < 10
            assert [ends_properly(answer.result()) for answer in answers] == [True] * 5
        assert "Traceback" not in server.log.read_text()
        with pytest.raises(ConnectionRefusedError):
            Line(server.port)


@pytest.mark.slow
def test_a_second_signal_leaves_no_grace(tmp_path, smollm2):
    with limited(tmp_path, smollm2, parallel=2, grace=60.0) as server, ExitStack() as stack:
        lines = [begin(stack, server) for _ in range(3)]
        until(lambda: server.figure("waiting") == 1)
        answers = [None] * 3

        def read(place):
            answers[place] = lines[place].read()

        readers = [threading.Thread(target=read, args=(place,)) for place in range(3)]
        for reader in readers:
            reader.start()
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(1.0)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 5
        for reader in readers:
            reader.join()
        assert all(map(ends_properly, answers))


@pytest.mark.slow
def test_a_client_that_reads_nothing_does_not_hold_up_the_end(tmp_path, smollm2):
    with limited(tmp_path, smollm2, parallel=2, grace=0.2) as server, ExitStack() as stack:
        deaf = stack.enter_context(Line(server.port))
        deaf.send(request("POST", CHAT, chat(**ENDLESS, logprobs=True, top_logprobs=20, n=8)))
        until(lambda: server.figure("running") == 2)
        time.sleep(1.0)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 10
