"""A line with the tool's name, then a fenced Python call: ChatGLM3.

The call is read as literals and never run. Arguments whose names are no Python names travel as `**{...}`.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from demiurgic.messages import Json, JsonObject, ToolCall
from demiurgic.templates.dialects.form import Form, Schemas
from demiurgic.templates.dialects.lark import Lark, either, escaped, literal
from demiurgic.templates.dialects.named_lines import NamedLines, name_line
from demiurgic.templates.dialects.python_literals import PythonGrammar, is_keyword, literal_of, value_of
from demiurgic.templates.dialects.tape import BLANKS, Brackets, Scan
from demiurgic.templates.dialects.toolbox import Toolbox
from demiurgic.templates.protocol import CallRules, Reasoning, ReplyReader

FENCE, CALL, END = "```python\n", "tool_call", "\n```"


@dataclass(frozen=True, slots=True)
class ChatGlm3Calls(Form):
    """The name, then `tool_call(key='value')` in a fence. One call a turn."""

    def write(self, calls: Sequence[ToolCall]) -> str:
        return "\n".join(f"{call.name}\n {FENCE}{CALL}({_written(call.arguments)}){END}" for call in calls)

    def _reply(self, rules: CallRules, schemas: Schemas, lark: Lark) -> str:
        calls: list[str] = []
        for name, schema in schemas.items():
            head = lark.rule(f'{name_line(name)} " "? {literal(f"{FENCE}{CALL}(")}', lazy=True)
            calls.append(f"{head} {PythonGrammar(lark, schema).call()} {literal(f'){END}')}")
        if rules.choice == "required":
            return either(calls)
        names = "|".join(escaped(name) for name in schemas)
        text = lark.terminal(f"{lark.free} & ~/({names})\\n ?{escaped(f'{FENCE}{CALL}(')}(?s:.*)/")
        return either([text, *calls])

    def _reader(self, toolbox: Toolbox, reasoning: Reasoning | None) -> ReplyReader:
        return _Reader(toolbox, reasoning)


def _written(arguments: JsonObject) -> str:
    if all(is_keyword(key) for key in arguments):
        return ", ".join(f"{key}={literal_of(value)}" for key, value in arguments.items())
    return "**" + literal_of(dict(arguments))


class _Reader(NamedLines):
    header = "\n "

    def _body(self, name: str, before: str, *, native: bool) -> Scan[None]:
        for part in ("```", "python", CALL, "("):
            before += yield from self._tape.run(BLANKS)
            if not (yield from self._tape.match(part)):
                self._events.said(before)
                return
            before += part
        known = name in self._toolbox
        if known:
            self._opened(name)
        brackets = Brackets(quotes="'\"", foreign="`")
        brackets.put("(")
        raw, state = yield from self._value(brackets, stream=known)
        arguments = _arguments(raw)
        if state != "closed" or arguments is None:
            yield from self._fail(name, before + raw, state, "the call is not made of Python literals")
            return
        blanks = yield from self._tape.run(BLANKS)
        fenced = yield from self._tape.match("```")
        if not fenced:
            self._tape.give_back(blanks)
        self._settle(name, arguments, before + raw + (END if fenced else ""), native=native and fenced)
        yield from self._end()


def _arguments(raw: str) -> dict[str, Json] | None:
    """The keywords of a call whose opening bracket was already taken."""
    try:
        call = ast.parse(f"f({raw}", mode="eval").body
        if not isinstance(call, ast.Call) or call.args:
            return None
        arguments: dict[str, Json] = {}
        for keyword in call.keywords:
            value = value_of(keyword.value)
            arguments.update(value if keyword.arg is None else {keyword.arg: value})
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return None
    return arguments
