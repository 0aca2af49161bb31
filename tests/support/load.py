"""Many clients at once, of the kinds that a server meets: quick, slow, gone too soon, and some that send garbage."""

import json
import random
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx2
from support.serving import Server

QUESTIONS = tuple(
    f"Tell me about {thing}." for thing in ("rivers", "bridges", "bees", "glass", "salt", "clocks", "maps")
)
LENGTH = 24


@dataclass(slots=True)
class Tally:
    """What came of it."""

    statuses: Counter[int] = field(default_factory=Counter[int])
    wrong: list[str] = field(default_factory=list[str])
    """Answers that differ from the one given alone, and everything else that should not be."""
    memory: list[int] = field(default_factory=list[int])
    """Kilobytes of the server and its engine, as time went on."""


def body(question: str, *, stream: bool) -> dict[str, object]:
    asked = [{"role": "user", "content": question}]
    return {"messages": asked, "max_tokens": LENGTH, "temperature": 0, "stream": stream}


def load(server: Server, clients: int, seconds: float) -> Tally:
    """Let them loose on a server for so long."""
    tally, end = Tally(), time.monotonic() + seconds
    with server.client() as client:
        alone = {
            question: _text(client.post("/v1/chat/completions", json=body(question, stream=False)).json())
            for question in QUESTIONS
        }
    kinds = (_whole, _streamed, _slow, _leaving, _leaving_early, _garbage)
    threads = [
        threading.Thread(target=_client, args=(server, kinds[number % len(kinds)], number, end, alone, tally))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        tally.memory.append(_memory(server.process.pid))
        time.sleep(0.5)
    return tally


def _client(server, kind, seed, end, alone, tally):
    draw = random.Random(seed)
    with server.client() as client:
        while time.monotonic() < end:
            question = draw.choice(QUESTIONS)
            try:
                kind(server, client, question, draw, alone, tally)
            except (httpx2.HTTPError, OSError) as error:
                tally.wrong.append(f"{kind.__name__}: {error!r}")
                return


def _whole(server, client, question, draw, alone, tally):
    done = client.post("/v1/chat/completions", json=body(question, stream=False))
    tally.statuses[done.status_code] += 1
    if done.status_code == 200 and _text(done.json()) != alone[question]:
        tally.wrong.append(f"{question}: {_text(done.json())!r} instead of {alone[question]!r}")


def _streamed(server, client, question, draw, alone, tally, pause=0.0):
    with client.stream("POST", "/v1/chat/completions", json=body(question, stream=True)) as stream:
        tally.statuses[stream.status_code] += 1
        text, ended = "", False
        for line in stream.iter_lines():
            ended = ended or line == "data: [DONE]"
            if line.startswith("data: {"):
                text += json.loads(line[6:])["choices"][0]["delta"].get("content") or ""
            time.sleep(pause)
    if stream.status_code == 200 and (text != alone[question] or not ended):
        tally.wrong.append(f"{question}: streamed {text!r} instead of {alone[question]!r}")


def _slow(server, client, question, draw, alone, tally):
    _streamed(server, client, question, draw, alone, tally, pause=0.02)


def _leaving(server, client, question, draw, alone, tally):
    """In the middle of the stream."""
    with client.stream("POST", "/v1/chat/completions", json=body(question, stream=True)) as stream:
        tally.statuses[stream.status_code] += 1
        for _ in zip(range(draw.randrange(8)), stream.iter_lines(), strict=False):
            pass


def _leaving_early(server, client, question, draw, alone, tally):
    """While it waits, or while the prompt is read."""
    data = json.dumps(body(question, stream=False)).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n")
        raw.sendall(b"content-length: %d\r\n\r\n" % len(data) + data)
        time.sleep(draw.random() * 0.2)


def _garbage(server, client, question, draw, alone, tally):
    data = draw.choice((b"{", b"\xff\xfe", b"[]", b'{"messages": 3}', draw.randbytes(200)))
    done = client.post("/v1/chat/completions", content=data, headers={"content-type": "application/json"})
    if done.status_code != 400:
        tally.wrong.append(f"garbage got {done.status_code}")
    time.sleep(0.05)


def _text(answer: dict) -> str:
    return answer["choices"][0]["message"]["content"]


def _memory(pid: int) -> int:
    """Of a process and its children, in kilobytes."""
    import psutil

    whole = psutil.Process(pid)
    return sum(one.memory_info().rss for one in (whole, *whole.children(recursive=True))) // 1024
