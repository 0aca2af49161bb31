"""Arguments each in tags of their own, strings raw and all else as JSON: GLM-4.5 and later.

A string that holds `</arg_value>` cannot be written in this dialect. How unions are told apart stands in `strings`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from demiurgic.errors import BadSchema
from demiurgic.messages import Json, JsonObject, ToolCall
from demiurgic.templates.dialects.enforcing import require_plain
from demiurgic.templates.dialects.form import Form, Schemas
from demiurgic.templates.dialects.json_calls import dumps
from demiurgic.templates.dialects.lark import Lark, either, escaped, literal
from demiurgic.templates.dialects.schemas import with_definitions
from demiurgic.templates.dialects.strings import raw_strings, split
from demiurgic.templates.dialects.tagged_reader import (
    ARG_KEY,
    ARG_KEY_END,
    ARG_VALUE,
    ARG_VALUE_END,
    CLOSER,
    OPENER,
    TAGS,
    TaggedReader,
)
from demiurgic.templates.dialects.toolbox import Toolbox
from demiurgic.templates.protocol import CallRules, Reasoning, ReplyReader

_UNFIT = ("patternProperties", "anyOf", "oneOf", "allOf", "minProperties", "maxProperties", "$ref")


@dataclass(frozen=True, slots=True)
class TaggedCalls(Form):
    """`newlines`: GLM-4.5 and 4.6 write every tag on a line of its own, later ones write none."""

    newlines: bool

    @property
    def parallel(self) -> bool:
        return True

    @property
    def separator(self) -> str:
        """What the family writes between the text of a turn and its first call, and between calls."""
        return "\n" if self.newlines else ""

    def write(self, calls: Sequence[ToolCall]) -> str:
        return self.separator.join(self._written(call) for call in calls)

    def _reply(self, rules: CallRules, schemas: Schemas, lark: Lark) -> str:
        return _Grammar(lark, self.separator).reply(rules, schemas)

    def _reader(self, toolbox: Toolbox, reasoning: Reasoning | None) -> ReplyReader:
        return TaggedReader(toolbox, reasoning, self.separator)

    def _written(self, call: ToolCall) -> str:
        lines = [OPENER + call.name]
        for key, value in call.arguments.items():
            text = value if isinstance(value, str) else dumps(value)
            lines += [f"{ARG_KEY}{key}{ARG_KEY_END}", f"{ARG_VALUE}{text}{ARG_VALUE_END}"]
        return self.separator.join([*lines, CLOSER])


class _Grammar:
    def __init__(self, lark: Lark, separator: str) -> None:
        self._lark = lark
        self._break = f" {literal(separator)} " if separator else " "

    def reply(self, rules: CallRules, schemas: Schemas) -> str:
        lark = self._lark
        call = lark.rule(either([self._call(name, schema) for name, schema in schemas.items()]))
        rest = f"{call} {lark.marker(CLOSER)}"
        if rules.parallel:
            rest += f" ({self._break} {lark.marker(OPENER)} {rest})*"
        maybe = f"({self._break})?" if self._break.strip() else ""
        rest += f" {maybe}"
        if rules.choice == "required":
            return f"{maybe} {lark.marker(OPENER)} {rest}"
        return either([lark.without(OPENER), f"{lark.up_to_opener(OPENER)} {rest}"])

    def _call(self, name: str, schema: JsonObject) -> str:
        require_plain(name, "\n", *TAGS)
        unfit = next((key for key in _UNFIT if key in schema), "")
        if unfit:
            raise BadSchema(f"the arguments of `{name}` cannot be enforced: `{unfit}` beside their properties")
        properties: Mapping[str, Json] = schema.get("properties", {})
        required: Sequence[str] = schema.get("required", ())
        arguments = [
            f"{self._argument(key, value, schema)}{'' if key in required else '?'}" for key, value in properties.items()
        ]
        if unknown := [key for key in required if key not in properties]:
            arguments += [self._argument(key, schema.get("additionalProperties", True), schema) for key in unknown]
        if schema.get("additionalProperties", True) is not False:
            arguments.append(f"{self._extra(schema, [*properties, *required])}*")
        return f"{literal(name)}{self._break}{' '.join(arguments)}"

    def _argument(self, key: str, schema: Json, root: JsonObject) -> str:
        require_plain(key, "\n", *TAGS)
        return self._pair(literal(key), schema, root)

    def _extra(self, schema: JsonObject, known: Sequence[str]) -> str:
        """Arguments that the schema does not name, where it says that there may be such."""
        others = f" & ~/({'|'.join(escaped(key) for key in known)})/" if known else ""
        key = self._lark.terminal(f"/[^<>\\n\\s]{{1,64}}/{others}")
        return self._pair(key, schema.get("additionalProperties", True), schema)

    def _pair(self, key: str, schema: Json, root: JsonObject) -> str:
        if schema is False:
            raise BadSchema("an argument that may have no value cannot be enforced: `false`")
        mark = self._lark.marker
        return self._lark.rule(
            f"{mark(ARG_KEY)} {key} {mark(ARG_KEY_END)}{self._break}"
            f"{mark(ARG_VALUE)} {self._value(schema, root)}{self._break}"
        )

    def _value(self, schema: Json, root: JsonObject) -> str:
        strings, others = split(schema, root)
        end = self._lark.marker(ARG_VALUE_END)
        options = [f"{self._lark.json(with_definitions(other, root))} {end}" for other in others]
        if strings:
            options.append(self._lark.up_to(ARG_VALUE_END, raw_strings(strings)))
        return either(options)
