"""A provider for teachers on a local socket: it answers every question, counts what it costs, and fails as it is told.

It speaks both protocols, whole replies and batches, and keeps what it was sent.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from email.parser import BytesParser
from typing import Any

from support.local_servers import Handler, LocalServer

Body = dict[str, Any]
MILLION = Decimal(1_000_000)


@dataclass(slots=True)
class Seen:
    """One question as it came, and what became of it."""

    text: str
    body: Body
    headers: dict[str, str]
    how: str
    cost: Decimal


@dataclass(slots=True)
class Batch:
    id: str
    asked: list[tuple[str, Body]]
    looks: int = 0
    metadata: Body = field(default_factory=dict)


def always(text: str, number: int) -> str:
    """How a question is treated: `ok`, `429`, `500`, `hang`, `garbage`, `drop` (answered in part), `leave` (silently).

    All but those with a number are paid for.
    """
    return "ok"


def short(text: str) -> str:
    return f"An answer to: {text}"


class TeachingServer(LocalServer):
    """`treat` says how each question is treated, `write` what is answered."""

    def __init__(
        self,
        treat: Callable[[str, int], str] = always,
        write: Callable[[str], str] = short,
        prices: tuple[str, str] = ("3", "15"),
        delay: float = 0.0,
    ) -> None:
        super().__init__(_Handler)
        self.treat, self.write, self.delay = treat, write, delay
        self.prices = Decimal(prices[0]), Decimal(prices[1])
        self.seen: list[Seen] = []
        self.batches: dict[str, Batch] = {}
        self.files: dict[str, bytes] = {}
        self.looks_needed = 1
        self.batch_result: Callable[[str], str] = lambda text: "ok"
        self.lock = threading.Lock()
        self.left = threading.Event()

    @property
    def charged(self) -> Decimal:
        with self.lock:
            return sum((each.cost for each in self.seen), Decimal())

    def count(self, how: str) -> int:
        return Counter(each.how for each in self.seen)[how]

    def __exit__(self, *_: object) -> None:
        self.left.set()
        super().__exit__()


class _Handler(Handler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        match path.strip("/").split("/"):
            case ["v1", "models", _]:
                self._json({"error": {"message": "no list"}}, 404)
            case ["v1", "messages", "batches"]:
                self._json({"data": [self._anthropic_batch(each) for each in self.house.batches.values()]})
            case ["v1", "messages", "batches", id]:
                self._json(self._anthropic_batch(self._looked(id)))
            case ["v1", "messages", "batches", id, "results"]:
                self._lines([self._anthropic_result(*each) for each in reversed(self.house.batches[id].asked)])
            case ["v1", "batches"]:
                batches = [self._openai_batch(each) for each in self.house.batches.values()]
                self._json({"object": "list", "data": batches, "has_more": False})
            case ["v1", "batches", id]:
                self._json(self._openai_batch(self._looked(id)))
            case ["v1", "files", id, "content"]:
                batch, wanted = self.house.batches[id[4:]], id[:3]
                lines = [self._openai_result(*each) for each in reversed(batch.asked)]
                self._lines([line for kind, line in lines if kind == wanted])
            case _:
                self._json({"error": {"message": "nothing here"}}, 404)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        match self.path:
            case "/v1/chat/completions" | "/v1/messages":
                self._answer(json.loads(raw))
            case "/v1/messages/batches":
                asked = [(each["custom_id"], each["params"]) for each in json.loads(raw)["requests"]]
                self._json(self._anthropic_batch(self._new_batch(asked)))
            case "/v1/files":
                self.house.files["up"] = raw
                name = {"id": "up", "object": "file", "bytes": len(raw), "created_at": 1, "filename": "f"}
                self._json({**name, "purpose": "batch", "status": "processed"})
            case "/v1/batches":
                lines = [json.loads(line) for line in self._uploaded().splitlines() if line]
                batch = self._new_batch([(line["custom_id"], line["body"]) for line in lines])
                batch.metadata = json.loads(raw).get("metadata") or {}
                self._json(self._openai_batch(batch))
            case _:
                self._json({"error": {"message": "nothing here"}}, 404)

    def _uploaded(self) -> bytes:
        raw = self.house.files["up"]
        head = b"content-type: multipart/form-data; boundary=" + raw.split(b"\r\n", 1)[0][2:] + b"\r\n\r\n"
        parts = BytesParser().parsebytes(head + raw).get_payload()
        return next(part.get_payload(decode=True) for part in parts if part.get_filename())

    def _answer(self, body: Body) -> None:
        house, text = self.house, _text(body)
        with house.lock:
            how = house.treat(text, len(house.seen))
            reply = self._openai(text) if "completions" in self.path else self._anthropic(text)
            tokens = list(reply["usage"].values())[:2]
            cost = (tokens[0] * house.prices[0] + tokens[1] * house.prices[1]) / MILLION
            worked = how in ("ok", "drop", "leave", "garbage", "hang", "504")
            headers = {name.lower(): value for name, value in self.headers.items()}
            house.seen.append(Seen(text, body, headers, how, cost if worked else Decimal()))
        time.sleep(house.delay)
        match how:
            case "ok":
                self._json(reply)
            case "drop":
                self._send(json.dumps(reply).encode(), cut=True)
            case "leave":
                self.close_connection = True
            case "garbage":
                self._send(b'{"choices": [{"mess')
            case "hang":
                house.left.wait(10)
                self.close_connection = True
            case "429":
                self._json({"error": {"message": "slow down"}}, 429, {"retry-after-ms": "5"})
            case "wait":
                self._json({"error": {"message": "slow down"}}, 429, {"retry-after": "1"})
            case status:
                self._json({"error": {"message": f"this is {status}"}}, int(status))

    def _openai(self, text: str) -> Body:
        said = self.house.write(text)
        message = {"role": "assistant", "content": said}
        return {
            "id": "c",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": len(text.encode()) // 4 + 8, "completion_tokens": len(said) // 4 + 1},
        }

    def _anthropic(self, text: str) -> Body:
        said = self.house.write(text)
        return {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": [{"type": "text", "text": said}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": len(text.encode()) // 4 + 8, "output_tokens": len(said) // 4 + 1},
        }

    def _new_batch(self, asked: list[tuple[str, Body]]) -> Batch:
        with self.house.lock:
            id = f"batch{len(self.house.batches)}"
            self.house.batches[id] = Batch(id, asked)
            return self.house.batches[id]

    def _looked(self, id: str) -> Batch:
        batch = self.house.batches[id]
        batch.looks += 1
        return batch

    def _ended(self, batch: Batch) -> bool:
        return batch.looks >= self.house.looks_needed

    def _anthropic_batch(self, batch: Batch) -> Body:
        day = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        counts = dict.fromkeys(("processing", "errored", "canceled", "expired"), 0)
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": "ended" if self._ended(batch) else "in_progress",
            "request_counts": {**counts, "succeeded": len(batch.asked)},
            "created_at": day,
            "expires_at": day,
            "results_url": f"{self.house.url}/v1/messages/batches/{batch.id}/results",
        }

    def _anthropic_result(self, id: str, body: Body) -> Body:
        text = _text(body)
        match self.house.batch_result(text):
            case "ok":
                return {"custom_id": id, "result": {"type": "succeeded", "message": self._anthropic(text)}}
            case "expired":
                return {"custom_id": id, "result": {"type": "expired"}}
            case _:
                error = {"type": "error", "error": {"type": "invalid_request_error", "message": "not like this"}}
                return {"custom_id": id, "result": {"type": "errored", "error": error}}

    def _openai_batch(self, batch: Batch) -> Body:
        expired = any(self.house.batch_result(_text(body)) == "expired" for _, body in batch.asked)
        status = ("expired" if expired else "completed") if self._ended(batch) else "in_progress"
        return {
            "id": batch.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "input_file_id": "up",
            "completion_window": "24h",
            "status": status,
            "created_at": 1,
            "metadata": batch.metadata,
            "output_file_id": f"out-{batch.id}",
            "error_file_id": f"err-{batch.id}",
        }

    def _openai_result(self, id: str, body: Body) -> tuple[str, Body]:
        text = _text(body)
        match self.house.batch_result(text):
            case "ok":
                return "out", {"custom_id": id, "response": {"status_code": 200, "body": self._openai(text)}}
            case "expired":
                return "err", {"custom_id": id, "error": {"code": "batch_expired", "message": "too late"}}
            case _:
                refused = {"status_code": 400, "body": {"error": {"message": "not like this"}}}
                return "err", {"custom_id": id, "response": refused}

    def _lines(self, lines: list[Body]) -> None:
        self._send("".join(json.dumps(line) + "\n" for line in lines).encode(), kind="application/x-jsonl")

    def _json(self, body: Body, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(json.dumps(body).encode(), status, headers=headers)

    def _send(
        self,
        data: bytes,
        status: int = 200,
        *,
        cut: bool = False,
        kind: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(data)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection = self.close_connection or cut


def _text(body: Body) -> str:
    """What was asked last, in either protocol."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else "".join(block["text"] for block in content)
