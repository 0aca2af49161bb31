"""Reads calls whose arguments stand in tags of their own, and mends the slips that models make with the tags.

What is mended: a missing `<arg_key>` or `<arg_value>`, a stray `</arg_value>`, and blanks around names. It is mended
towards names that are known, and towards nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from demiurgic.errors import BadSchema
from demiurgic.messages import Json, JsonObject
from demiurgic.templates.dialects.reading import CUT_OFF, OpenedCalls
from demiurgic.templates.dialects.schemas import with_definitions
from demiurgic.templates.dialects.strings import split
from demiurgic.templates.dialects.tape import Scan
from demiurgic.templates.dialects.toolbox import Toolbox, parse_json, valid
from demiurgic.templates.protocol import Reasoning

OPENER, CLOSER = "<tool_call>", "</tool_call>"
ARG_KEY, ARG_KEY_END = "<arg_key>", "</arg_key>"
ARG_VALUE, ARG_VALUE_END = "<arg_value>", "</arg_value>"
TAGS = (ARG_KEY, ARG_KEY_END, ARG_VALUE, ARG_VALUE_END, CLOSER)


@dataclass(slots=True)
class _Call:
    """A call as far as it has been read."""

    raw: list[str]
    name: str | None = None
    key: str | None = None
    values: dict[str, str] = field(default_factory=dict[str, str])

    def laid_out(self, separator: str) -> str:
        """The call as the family itself would have laid it out."""
        parts = [OPENER + (self.name or "")]
        for key, value in self.values.items():
            parts += [f"{ARG_KEY}{key}{ARG_KEY_END}", f"{ARG_VALUE}{value}{ARG_VALUE_END}"]
        return separator.join([*parts, CLOSER])


class TaggedReader(OpenedCalls):
    """Reads GLM-4.5 and later."""

    opener, closer = OPENER, CLOSER

    def __init__(self, toolbox: Toolbox, reasoning: Reasoning | None, separator: str) -> None:
        self.separator = separator
        super().__init__(toolbox, reasoning)

    def _call(self) -> Scan[None]:
        call = _Call([OPENER])
        while True:
            text: list[str] = []
            tag = yield from self._tape.until(TAGS, text.append)
            before = "".join(text)
            self._keep(call, before + tag)
            if call.name is None:
                before = self._take_name(call, before)
            if not tag:
                self._broken(call.name or "", "".join(call.raw), CUT_OFF)
                return
            if tag == CLOSER:
                self._close(call, before)
                return
            yield from self._take_tag(call, tag, before)

    def _keep(self, call: _Call, text: str) -> None:
        call.raw.append(text)
        if call.name in self._toolbox:
            self._events.call_text(text)

    def _take_name(self, call: _Call, text: str) -> str:
        """Settle the name. Returns what stood behind it, which may be a key whose tag is missing."""
        line = text.strip()
        name, rest = line, ""
        if line not in self._toolbox:
            name, rest = self._divide(line)
        call.name = name
        if name in self._toolbox:
            self._opened(name)
        return rest

    def _divide(self, line: str) -> tuple[str, str]:
        """A known name and a known key of it that run into each other; else all of it is the name."""
        found = [
            (name, key)
            for name in self._toolbox.names
            for key in self._toolbox.properties(name)
            if line.startswith(name) and line.removeprefix(name).strip() == key
        ]
        return found[0] if len(found) == 1 else (line, "")

    def _take_tag(self, call: _Call, tag: str, before: str) -> Scan[None]:
        known = self._toolbox.properties(call.name or "")
        word = before.strip()
        if tag == ARG_KEY_END:
            call.key = word
        elif tag == ARG_VALUE:
            if call.key is None and word in known:
                call.key = word
            value: list[str] = []
            end = yield from self._tape.until((ARG_VALUE_END,), value.append)
            self._keep(call, "".join(value) + end)
            if end:
                self._take_value(call, "".join(value))
        elif tag == ARG_VALUE_END and call.key in known and word:
            self._take_value(call, before)

    def _take_value(self, call: _Call, text: str) -> None:
        call.values["" if call.key is None else call.key] = text
        call.key = None

    def _close(self, call: _Call, stray: str) -> None:
        name, raw = call.name or "", "".join(call.raw)
        if name not in self._toolbox:
            self._broken(name, raw, self._toolbox.problem(name, {}))
            return
        root = self._toolbox.schema(name)
        known = self._toolbox.properties(name)
        extra = root.get("additionalProperties", True)
        arguments: dict[str, Json] = {
            key: decoded(text, known.get(key, extra), root) for key, text in call.values.items()
        }
        if call.key is not None or stray.strip():
            problem = f"the argument `{call.key or stray.strip()}` of `{name}` has no value"
            self._broken(name, raw, problem)
            return
        self._settle(name, arguments, raw, native=raw == call.laid_out(self.separator))


def decoded(text: str, schema: Json, root: JsonObject) -> Json:
    """The value that stands between the tags, by the rule that `strings` lays down."""
    strings, others = _parts(schema, root)
    if not others:
        return text
    try:
        value = parse_json(text)
    except ValueError:
        return text
    if not strings:
        return value
    admitted = any(valid(with_definitions(other, root), value) for other in others)
    return value if admitted and not isinstance(value, str) else text


def _parts(schema: Json, root: JsonObject) -> tuple[list[JsonObject], list[JsonObject]]:
    if not isinstance(schema, Mapping):
        return [{}], [{}]
    try:
        return split(schema, root)
    except BadSchema:
        return [{}], [cast("JsonObject", schema)]
