"""A JSON object as the whole reply, with or without `<|python_tag|>` before it: Llama 3.1 and later."""

from collections.abc import Sequence
from dataclasses import dataclass

from demiurgic.messages import ToolCall
from demiurgic.templates.dialects.form import Form, Schemas
from demiurgic.templates.dialects.json_calls import Announcer, JsonCall, loose_calls, strict_calls, written
from demiurgic.templates.dialects.lark import Lark, either
from demiurgic.templates.dialects.reading import CUT_OFF, ReplyScanner
from demiurgic.templates.dialects.tape import BLANKS, Scan
from demiurgic.templates.dialects.toolbox import Toolbox
from demiurgic.templates.protocol import CallRules, Reasoning, ReplyReader

TAG = "<|python_tag|>"
KEY = "parameters"


@dataclass(frozen=True, slots=True)
class Llama3Calls(Form):
    """`{"name": ..., "parameters": {...}}` where the answer would begin."""

    def write(self, calls: Sequence[ToolCall]) -> str:
        return "\n".join(written(call, KEY) for call in calls)

    def _reply(self, rules: CallRules, schemas: Schemas, lark: Lark) -> str:
        call = lark.rule(strict_calls(lark, schemas, KEY))
        if rules.choice == "required":
            return f"{lark.marker(TAG)}? {call}"
        bare = loose_calls(lark, schemas, KEY, r"/[ \n]{0,4}/")
        tagged = f"{lark.up_to_opener(TAG)} {call}"
        return either([lark.without(TAG), tagged, *bare])

    def _reader(self, toolbox: Toolbox, reasoning: Reasoning | None) -> ReplyReader:
        return _Reader(toolbox, reasoning)


class _Reader(ReplyScanner):
    def _calls(self) -> Scan[None]:
        before = yield from self._tape.run(BLANKS)
        marked = yield from self._tape.match(TAG)
        if marked:
            before += TAG + (yield from self._tape.run(BLANKS))
        if (yield from self._tape.peek()) == "{":
            yield from self._call(before, marked=marked)
        else:
            self._events.said(before)

    def _call(self, before: str, *, marked: bool) -> Scan[None]:
        call = JsonCall()
        announcer = Announcer(self._events, self._toolbox)
        state = "open"
        while state == "open" and (marked or not call.foreign) and (char := (yield from self._tape.take())):
            state = call.put(char)
            announcer.follow(call)
        if call.name is None and not marked:
            self._events.said(before + call.raw)
        elif state == "closed":
            self._end(call, before, announcer)
        else:
            rest: list[str] = []
            yield from self._tape.until((), rest.append)
            problem = CUT_OFF if state == "open" else "the call is not valid JSON"
            self._broken(call.name or "", before + call.raw + "".join(rest), problem)

    def _end(self, call: JsonCall, before: str, announcer: Announcer) -> None:
        raw = before + call.raw
        try:
            name, arguments, plain = call.parse()
        except ValueError as error:
            self._broken(call.name or "", raw, str(error))
            return
        announcer.settle(name, arguments)
        self._settle(name, arguments, raw, native=plain)
