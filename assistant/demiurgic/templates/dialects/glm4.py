"""A line with the tool's name, then a JSON object: GLM-4-9B and GLM-4-0414.

Nothing marks a call but its form, so an answer may begin with a tool's name as long as no object follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from demiurgic.messages import ToolCall
from demiurgic.templates.dialects.form import Form, Schemas
from demiurgic.templates.dialects.json_calls import dumps
from demiurgic.templates.dialects.lark import Lark, either, escaped
from demiurgic.templates.dialects.named_lines import NamedLines, name_line
from demiurgic.templates.dialects.tape import BLANKS, Brackets, Scan
from demiurgic.templates.dialects.toolbox import Toolbox, parse_json
from demiurgic.templates.protocol import CallRules, Reasoning, ReplyReader


@dataclass(frozen=True, slots=True)
class Glm4Calls(Form):
    """The name, a line break, the arguments. One call a turn."""

    def write(self, calls: Sequence[ToolCall]) -> str:
        return "\n".join(f"{call.name}\n{dumps(dict(call.arguments))}" for call in calls)

    def _reply(self, rules: CallRules, schemas: Schemas, lark: Lark) -> str:
        calls = [f"{name_line(name)} {lark.json(schema)}" for name, schema in schemas.items()]
        if rules.choice == "required":
            return either(calls)
        names = "|".join(escaped(name) for name in schemas)
        text = lark.terminal(f"{lark.free} & ~/({names})\\n\\{{(?s:.*)/")
        return either([text, *calls])

    def _reader(self, toolbox: Toolbox, reasoning: Reasoning | None) -> ReplyReader:
        return _Reader(toolbox, reasoning)


class _Reader(NamedLines):
    def _body(self, name: str, before: str, *, native: bool) -> Scan[None]:
        before += yield from self._tape.run(BLANKS)
        if not (yield from self._tape.match("{")):
            self._events.said(before)
            return
        self._tape.give_back("{")
        if name in self._toolbox and native:
            yield from self._certain(name, before)
        else:
            yield from self._doubtful(name, before, native=native)

    def _certain(self, name: str, before: str) -> Scan[None]:
        """A known name and the beginning of an object are a call, even if the object turns out to be unsound."""
        self._opened(name)
        raw, state = yield from self._value(Brackets(), stream=True)
        arguments = _parsed(raw)
        if state == "closed" and arguments is not None:
            self._settle(name, arguments, before + raw)
            yield from self._end()
        else:
            yield from self._fail(name, before + raw, state, "the arguments are not valid JSON")

    def _doubtful(self, name: str, before: str, *, native: bool) -> Scan[None]:
        """Behind an empty line only a valid call is one; an unknown name needs an object that ends the reply."""
        raw, _ = yield from self._value(Brackets(), stream=False)
        arguments = _parsed(raw)
        sound = arguments is not None and not self._toolbox.problem(name, arguments)
        blanks = yield from self._tape.run(BLANKS)
        more = yield from self._tape.peek()
        if not sound and (not native or arguments is None or more):
            self._events.said(before + raw + blanks)
            return
        if sound:
            self._opened(name, raw)
        self._settle(name, arguments, before + raw, native=False)
        self._tape.give_back(blanks if more else "")


def _parsed(raw: str) -> dict[str, object] | None:
    try:
        return parse_json(raw)
    except ValueError:
        return None
