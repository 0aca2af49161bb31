"""Calls as JSON between `<tool_call>` tags: Hermes, Qwen2.5, Qwen3.

Small Qwen models often leave the tags out and print the object bare, or in a fence. With free choice the grammar
takes hold of such an object as soon as it names a known tool and begins its arguments, and the reader takes it for
a call only if it is a valid one; all other JSON is an answer like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from demiurgic.messages import ToolCall
from demiurgic.templates.dialects.form import Form, Schemas
from demiurgic.templates.dialects.json_calls import Announcer, JsonCall, loose_calls, strict_calls, written
from demiurgic.templates.dialects.lark import Lark, either
from demiurgic.templates.dialects.reading import CUT_OFF, OpenedCalls
from demiurgic.templates.dialects.tape import BLANKS, Scan
from demiurgic.templates.dialects.toolbox import Toolbox
from demiurgic.templates.protocol import CallRules, Reasoning, ReplyReader

OPENER, CLOSER = "<tool_call>", "</tool_call>"
FENCE = "```"
KEY = "arguments"
_BARE = 200  # characters after which a failed guess at a bare call is not repeated


@dataclass(frozen=True, slots=True)
class Hermes(Form):
    """`<tool_call>`, a JSON object, `</tool_call>`, each on lines of their own."""

    @property
    def parallel(self) -> bool:
        return True

    def write(self, calls: Sequence[ToolCall]) -> str:
        return "\n".join(f"{OPENER}\n{written(call, KEY)}\n{CLOSER}" for call in calls)

    def _reply(self, rules: CallRules, schemas: Schemas, lark: Lark) -> str:
        call = lark.rule(strict_calls(lark, schemas, KEY))
        rest = f'"\\n" {call} "\\n" {lark.marker(CLOSER)}'
        if rules.parallel:
            rest += f' ("\\n" {lark.marker(OPENER)} {rest})*'
        rest += ' "\\n"?'
        if rules.choice == "required":
            return f"{lark.marker(OPENER)} {rest}"
        fenced = f"(/[ \\n]{{0,4}}/ | {lark.free} /```(json)?[ \\n]{{1,4}}/)"
        bare = loose_calls(lark, schemas, KEY, fenced)
        tagged = f"{lark.up_to_opener(OPENER)} {rest}"
        return either([lark.without(OPENER), tagged, *bare])

    def _reader(self, toolbox: Toolbox, reasoning: Reasoning | None) -> ReplyReader:
        return _Reader(toolbox, reasoning)


class _Reader(OpenedCalls):
    opener, closer = OPENER, CLOSER
    _guesses = True
    _fence = ""
    """The beginning of a fence in which the next call stands; it belongs to that call and not to the text."""

    def _tags(self) -> tuple[str, ...]:
        return (*super()._tags(), FENCE)

    def _at_start(self) -> Scan[None]:
        blanks = yield from self._tape.run(BLANKS)
        yield from self._guess(blanks)

    def _other(self, tag: str) -> Scan[None]:
        language = yield from self._language()
        blanks = yield from self._tape.run(BLANKS)
        if "\n" in blanks and (yield from self._tape.match(OPENER)):
            self._fence = tag + language + blanks
            self._tape.give_back(OPENER)
        elif blanks:
            yield from self._guess(tag + language + blanks)
        else:
            self._events.said(tag)
            self._tape.give_back(language)

    def _language(self) -> Scan[str]:
        for language in ("json", "xml"):
            if (yield from self._tape.match(language)):
                return language
        return ""

    def _guess(self, before: str) -> Scan[None]:
        """Take the object that stands here for a call, if it is a valid one; else it and `before` are text."""
        if (yield from self._tape.peek()) != "{" or not self._guesses:
            self._events.said(before[:1])
            self._tape.give_back(before[1:])
            return
        call, whole = yield from self._object()
        if whole and (yield from self._bare(call, fenced=bool(before.strip()))):
            return
        self._guesses = call.size < _BARE
        text = before + call.raw
        self._events.said(text[0])
        self._tape.give_back(text[1:])

    def _object(self) -> Scan[tuple[JsonCall, bool]]:
        call = JsonCall()
        while not call.foreign and (char := (yield from self._tape.take())):
            state = call.put(char)
            if state != "open":
                return call, state == "closed" and call.name in self._toolbox
        return call, False

    def _bare(self, call: JsonCall, *, fenced: bool) -> Scan[bool]:
        try:
            name, arguments, _ = call.parse()
        except ValueError:
            return False
        if self._toolbox.problem(name, arguments):
            return False
        self._opened(name, call.arguments)
        self._settle(name, arguments, call.raw, native=False)
        yield from self._end_of_fence() if fenced else self._end_of_no_fence()
        yield from self._after_bare()
        return True

    def _end_of_no_fence(self) -> Scan[None]:
        """Some close a fence that they never opened."""
        seen = yield from self._tape.run(BLANKS)
        if (yield from self._tape.match(FENCE)):
            seen += FENCE + (yield from self._tape.run(BLANKS))
            char = yield from self._tape.take()
            if not char:
                return
            seen += char
        self._tape.give_back(seen)

    def _end_of_fence(self) -> Scan[None]:
        blanks = yield from self._tape.run(BLANKS)
        if not (yield from self._tape.match(FENCE)):
            self._tape.give_back(blanks)

    def _after_bare(self) -> Scan[None]:
        blanks = yield from self._tape.run(BLANKS)
        char = yield from self._tape.peek()
        if char == "{":
            yield from self._guess(blanks)
        elif char:
            self._tape.give_back(blanks)

    def _call(self) -> Scan[None]:
        fence, self._fence = self._fence, ""
        before = fence + OPENER + (yield from self._tape.run(BLANKS))
        call = JsonCall()
        announcer = Announcer(self._events, self._toolbox)
        state = "open"
        while state == "open" and (char := (yield from self._tape.take())):
            state = call.put(char)
            announcer.follow(call)
            if char == ">" and call.in_string and call.ends_with("\n" + CLOSER):
                self._broken(call.name or "", before + call.raw, "the call has a string without its closing quote")
                return
        if state == "closed":
            yield from self._end(call, before, announcer)
        else:
            yield from self._unsound(call, before)

    def _end(self, call: JsonCall, before: str, announcer: Announcer) -> Scan[None]:
        """The object is whole: take its closing tag, and read it."""
        junk = yield from self._tape.run(BLANKS + "}")
        closed = yield from self._tape.match(CLOSER)
        if not closed:
            self._tape.give_back(junk)
        raw = before + call.raw + (junk + CLOSER if closed else "")
        try:
            name, arguments, plain = call.parse()
        except ValueError as error:
            self._broken(call.name or "", raw, str(error))
            return
        announcer.settle(name, arguments)
        fenced = before.startswith(FENCE)
        self._settle(name, arguments, raw, native=closed and plain and not fenced)
        if fenced:
            yield from self._end_of_fence()

    def _unsound(self, call: JsonCall, before: str) -> Scan[None]:
        """No object: all up to the closing tag is a call that failed."""
        raw = call.raw
        self._tape.give_back(raw[-1:])
        rest = [before, raw[:-1]]
        closer = yield from self._tape.until((CLOSER,), rest.append)
        problem = "the call is not valid JSON" if closer else CUT_OFF
        self._broken(call.name or "", "".join([*rest, closer]), problem)
