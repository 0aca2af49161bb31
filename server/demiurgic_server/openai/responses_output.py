"""A reply as the items of a response, and as the events that tell how they came to be.

The response in one piece and the stream are made by the same steps, so they cannot differ. Text and reasoning are told
as they come. A call is told when it is whole: until then it is the model's own dialect, and might still be rejected.
"""

import json
import secrets
from dataclasses import dataclass

from demiurgic.events import CallFinished, ChatEvent, Finish, ReasoningDelta, ReplyEnded, TextDelta
from demiurgic.messages import ToolCall
from demiurgic_server.wire import Object


@dataclass(frozen=True, slots=True)
class _Kind:
    """An item that holds text."""

    prefix: str
    events: str
    item: Object
    part: Object
    """What its one part holds besides the text."""
    told: Object
    """What its events hold besides."""


_MESSAGE = _Kind(
    prefix="msg",
    events="response.output_text",
    item={"type": "message", "role": "assistant"},
    part={"type": "output_text", "annotations": [], "logprobs": []},
    told={"logprobs": []},
)
_REASONING = _Kind(
    prefix="rs",
    events="response.reasoning_text",
    item={"type": "reasoning", "summary": []},
    part={"type": "reasoning_text"},
    told={},
)


@dataclass(slots=True)
class _Growing:
    """An item with text that is being written. It is shown as soon as it holds more than blanks."""

    kind: _Kind
    id: str
    text: str = ""
    shown: bool = False

    def item(self, status: str) -> Object:
        """The item as it stands."""
        content = [] if status == "in_progress" else [self.part(self.text)]
        return {"id": self.id, "status": status, **self.kind.item, "content": content}

    def part(self, text: str) -> Object:
        """Its only part, with this text."""
        return {**self.kind.part, "text": text}


class Output:
    """What came of a reply so far."""

    def __init__(self) -> None:
        self.items: list[Object] = []
        """Those that are whole, or will not grow any more."""
        self._open: _Growing | None = None
        self._blanks = ""
        """Said between two calls, and nothing but blanks: part of the next message, so that the turn stays the same."""

    def tell(self, event: ChatEvent) -> list[Object]:
        """What the client hears of an event."""
        match event:
            case TextDelta(text):
                return self._grow(_MESSAGE, text)
            case ReasoningDelta(text):
                return self._grow(_REASONING, text)
            case CallFinished(_, call):
                return self.close("completed") + self._call(call)
            case ReplyEnded(finish=Finish.STOP):
                return self._said_nothing() + self.close("completed")
            case ReplyEnded(finish=finish):
                return self.close("incomplete" if finish is Finish.LENGTH else "completed")
            case _:
                return []

    def close(self, status: str) -> list[Object]:
        """Nothing is added to the item that was written last."""
        done, self._open = self._open, None
        if done is None or not done.shown:
            self._blanks += done.text if done is not None and done.kind is _MESSAGE else ""
            return []
        at: Object = {"item_id": done.id, "output_index": len(self.items), "content_index": 0}
        self.items.append(done.item(status))
        return [
            {"type": f"{done.kind.events}.done", **at, **done.kind.told, "text": done.text},
            {"type": "response.content_part.done", **at, "part": done.part(done.text)},
            self._done(),
        ]

    def _grow(self, kind: _Kind, text: str) -> list[Object]:
        events: list[Object] = []
        if self._open is None or self._open.kind is not kind:
            events += self.close("completed")
            self._open = _Growing(kind, _id(kind.prefix))
            if kind is _MESSAGE:
                self._open.text, self._blanks = self._blanks, ""
        self._open.text += text
        if self._open.shown:
            return [*events, self._delta(self._open, text)]
        return events + self._show(self._open) if self._open.text.strip() else events

    def _show(self, item: _Growing) -> list[Object]:
        """A new item, with all that it holds already."""
        item.shown = True
        at: Object = {"item_id": item.id, "output_index": len(self.items), "content_index": 0}
        shown = [
            self._added(item.item("in_progress")),
            {"type": "response.content_part.added", **at, "part": item.part("")},
        ]
        return [*shown, self._delta(item, item.text)] if item.text else shown

    def _said_nothing(self) -> list[Object]:
        """A message even so, for clients that look for one, where the model neither said nor called anything."""
        if self._open is not None and self._open.shown and self._open.kind is _MESSAGE:
            return []
        if any(item["type"] != "reasoning" for item in self.items):
            return []
        blanks = self._open.text if self._open is not None and self._open.kind is _MESSAGE else ""
        events = self.close("completed")
        self._open = _Growing(_MESSAGE, _id(_MESSAGE.prefix), blanks)
        return events + self._show(self._open)

    def _call(self, call: ToolCall) -> list[Object]:
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        item: Object = {"type": "function_call", "id": _id("fc"), "call_id": call.id, "name": call.name}
        at: Object = {"item_id": item["id"], "output_index": len(self.items)}
        added = self._added({**item, "status": "in_progress", "arguments": ""})
        self.items.append({**item, "status": "completed", "arguments": arguments})
        return [
            added,
            {"type": "response.function_call_arguments.delta", **at, "delta": arguments},
            {"type": "response.function_call_arguments.done", **at, "arguments": arguments},
            self._done(),
        ]

    def _delta(self, item: _Growing, text: str) -> Object:
        at: Object = {"item_id": item.id, "output_index": len(self.items), "content_index": 0}
        return {"type": f"{item.kind.events}.delta", **at, **item.kind.told, "delta": text}

    def _added(self, item: Object) -> Object:
        return {"type": "response.output_item.added", "output_index": len(self.items), "item": item}

    def _done(self) -> Object:
        return {
            "type": "response.output_item.done",
            "output_index": len(self.items) - 1,
            "item": self.items[-1],
        }


def _id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"
