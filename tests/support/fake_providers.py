"""A model provider on a local socket that answers by a script and remembers what it was asked.

The real SDKs talk to it over real HTTP. Each request takes the next `Answer`; one that was not scripted gets a 500.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from support.local_servers import Handler, LocalServer

PATIENCE = 60.0
"""Seconds after which a fake that waits for its client gives up, so that no test can hang."""


class Ending(Enum):
    """How an answer ends after its last piece."""

    WHOLE = auto()
    DROPPED = auto()  # the connection breaks
    HANGING = auto()  # nothing more comes until the client leaves


@dataclass(frozen=True, slots=True)
class Answer:
    """One scripted answer. `status` 0: not even a status line comes."""

    pieces: Sequence[bytes] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ending: Ending = Ending.WHOLE


SILENCE = Answer(status=0, ending=Ending.HANGING)


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class FakeProvider(LocalServer):
    """`left` is set when a client goes away."""

    def __init__(self, *script: Answer, model: dict[str, Any] | None = None) -> None:
        super().__init__(_Handler)
        self.script, self.model = list(script), model
        self.requests: list[Received] = []
        self.arrived, self.left = threading.Event(), threading.Event()

    @property
    def asked(self) -> list[Any]:
        """The bodies of all requests for a reply."""
        return [request.body for request in self.requests if request.method == "POST"]

    def broke_off(self) -> None:
        self.left.set()


class _Handler(Handler):
    def do_GET(self) -> None:
        self._remember(None)
        model = self.house.model
        self._send(json_answer(model) if model else json_answer({"error": {"message": "no list"}}, status=404))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        self._remember(body)
        script = self.house.script
        self._send(script.pop(0) if script else json_answer("not in the script", status=500))

    def _remember(self, body: object) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.house.requests.append(Received(self.command, self.path, headers, body))
        self.house.arrived.set()

    def _send(self, answer: Answer) -> None:
        if answer.status:
            self.send_response(answer.status)
            for name, value in {"content-type": "text/event-stream", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
        for piece in answer.pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        if answer.ending is Ending.HANGING:
            self._wait_for_goodbye()
        elif answer.ending is Ending.WHOLE:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = answer.ending is not Ending.WHOLE

    def _wait_for_goodbye(self) -> None:
        self.connection.settimeout(PATIENCE)
        if not self.connection.recv(1):
            self.house.left.set()


def json_answer(body: object, status: int = 200, **headers: str) -> Answer:
    """An answer that is one JSON document. `retry_after="1"` becomes the header `retry-after`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer((json.dumps(body).encode(),), status, {"content-type": "application/json", **named})


def openai_piece(delta: dict[str, Any] | None = None, finish: str | None = None, **more: object) -> bytes:
    """One chunk of a streamed chat completion."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}
    return f"data: {json.dumps(chunk)}\n\n".encode()


def openai_answer(*deltas: dict[str, Any], finish: str = "stop", prompt: int = 10, cached: int = 0) -> Answer:
    """A whole streamed chat completion."""
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": len(deltas),
        "total_tokens": prompt + len(deltas),
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    last = [openai_piece({}, finish), openai_piece(usage=usage), b"data: [DONE]\n\n"]
    return Answer([*(openai_piece(delta) for delta in deltas), *last])


def openai_call(name: str, *fragments: str, index: int = 0, id: str = "call_1") -> list[dict[str, Any]]:
    """The deltas of one call whose arguments come in fragments."""
    first = {"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}
    more = [{"index": index, "function": {"arguments": fragment}} for fragment in fragments]
    return [{"tool_calls": [part]} for part in [first, *more]]


def anthropic_piece(kind: str, **fields: object) -> bytes:
    """One event of a streamed message."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


def anthropic_block(index: int, block: dict[str, Any], *deltas: dict[str, Any]) -> list[bytes]:
    """The events of one content block."""
    return [
        anthropic_piece("content_block_start", index=index, content_block=block),
        *(anthropic_piece("content_block_delta", index=index, delta=delta) for delta in deltas),
        anthropic_piece("content_block_stop", index=index),
    ]


def anthropic_answer(*blocks: list[bytes], reason: str = "end_turn", cached: int = 0) -> Answer:
    """A whole streamed message that took 10 tokens beside the cached ones, and 5 for the answer."""
    message = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None}
    usage = {"input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": cached}
    end = {"stop_reason": reason, "stop_sequence": None}
    return Answer(
        [
            anthropic_piece("message_start", message={**message, "stop_sequence": None, "usage": usage}),
            *(piece for block in blocks for piece in block),
            anthropic_piece("message_delta", delta=end, usage={"output_tokens": 5}),
            anthropic_piece("message_stop"),
        ]
    )


def anthropic_text(text: str, index: int = 0) -> list[bytes]:
    halves = [text[: len(text) // 2], text[len(text) // 2 :]]
    deltas = [{"type": "text_delta", "text": half} for half in halves]
    return anthropic_block(index, {"type": "text", "text": ""}, *deltas)


def anthropic_call(name: str, *fragments: str, index: int = 0, id: str = "toolu_1") -> list[bytes]:
    deltas = [{"type": "input_json_delta", "partial_json": fragment} for fragment in fragments]
    return anthropic_block(index, {"type": "tool_use", "id": id, "name": name, "input": {}}, *deltas)
