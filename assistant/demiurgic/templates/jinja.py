"""A model's own chat template, rendered safely, and a `Template` made of it for models that no family fits.

Templates come from strangers with the model file. They run in jinja's sandbox, see plain data only, and everything
that could go on for ever has a budget.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import count
from typing import Any, NoReturn

from jinja2 import TemplateError as JinjaError
from jinja2.compiler import CodeGenerator, Frame
from jinja2.ext import Extension
from jinja2.nodes import Concat, Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from demiurgic.errors import TemplateError
from demiurgic.messages import Assistant, Message, Tool, ToolResult
from demiurgic.templates.chatml import HERMES_TAGS, declare_tools
from demiurgic.templates.dialects import Hermes
from demiurgic.templates.family import Family
from demiurgic.templates.protocol import Dialect, Segment, Vocabulary
from demiurgic.templates.script import Script

_LONGEST_TEMPLATE = 256 * 1024
_LONGEST_OUTPUT = 16 * 2**20
_MOST_ROUNDS = 20_000
_OPEN, _CLOSE = "\ue000", "\ue001"


_FILTERS = [
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "int",
    "items",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "sort",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
]
"""Filters that a template may use: those that cannot make much out of little."""


class _Joining(CodeGenerator):
    """Lets texts be put together where their size is looked at."""

    def visit_Concat(self, node: Concat, frame: Frame) -> None:
        """Write `a ~ b` as a call."""
        self.write("environment.joined(")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write(")")


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which no single step can fill the memory."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])
    code_generator_class = _Joining

    def call(self, context: Any, function: Any, /, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        if any(isinstance(value, int) and abs(value) > _MOST_ROUNDS for value in arguments):
            raise JinjaError("the template asks for too much")
        text, method = getattr(function, "__self__", None), getattr(function, "__name__", "")
        if isinstance(text, str):
            if method in ("format", "format_map", "expandtabs", "translate"):
                raise JinjaError(f"a template may not call {method}")
            if method == "replace" and len(arguments) > 1:
                _check_size(len(text) * max(1, len(str(arguments[1]))))
            if method == "join" and arguments:
                parts, *rest = arguments
                arguments = (listed := list(parts), *rest)
                _check_size(sum(len(text) + len(str(part)) for part in listed))
        return super().call(context, function, *arguments, **named)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401
        sizes = [value for value in (left, right) if isinstance(value, int)]
        texts: list[int] = [len(value) for value in (left, right) if hasattr(value, "__len__")]
        formats = operator == "%" and isinstance(left, str)
        if operator == "**" or formats or any(abs(size) > _MOST_ROUNDS for size in sizes):
            raise JinjaError("the template calculates too much")
        _check_size(sum(texts) * max([1, *map(abs, sizes)] if operator == "*" else [1]))
        return super().call_binop(context, operator, left, right)

    def joined(self, *parts: object) -> str:
        """What `~` makes."""
        texts = [str(part) for part in parts]
        _check_size(sum(map(len, texts)))
        return "".join(texts)


def _check_size(size: int) -> None:
    if size > _LONGEST_OUTPUT:
        raise JinjaError("the template makes a text that is too long")


def _replace(text: object, old: str, new: str, most: int | None = None) -> str:
    whole = str(text)
    _check_size(len(whole) * max(1, len(new)))
    return whole.replace(old, new, -1 if most is None else most)


def _join(values: Iterable[object], between: str = "", attribute: str | None = None) -> str:
    if attribute is not None:
        raise JinjaError("a template may not join attributes")
    texts = [str(value) for value in values]
    _check_size(sum(len(text) + len(between) for text in texts))
    return between.join(texts)


class _Generation(Extension):
    """`{% generation %}` marks what training may learn. Here it is transparent: the renderer knows the author."""

    tags = {"generation"}  # noqa: RUF012 - jinja's interface

    def parse(self, parser: Parser) -> list[Node]:
        next(parser.stream)
        return list(parser.parse_statements(("name:endgeneration",), drop_needle=True))


def render_jinja(template: str, values: Mapping[str, Any]) -> str:
    """The template's output. Raises TemplateError for a template that is broken, hostile or endless."""
    if len(template) > _LONGEST_TEMPLATE:
        raise TemplateError(f"the model's chat template has {len(template)} characters")
    parts: list[str] = []
    size = 0
    try:
        for part in _environment().from_string(template).generate(**values):
            parts.append(part)
            size += len(part)
            if size > _LONGEST_OUTPUT:
                raise TemplateError("the model's chat template writes without end")
    except (
        JinjaError,
        RecursionError,
        MemoryError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        raise TemplateError(f"the model's chat template cannot be rendered: {error}") from error
    return "".join(parts)


def _environment() -> _Sandbox:
    environment = _Sandbox(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols", _Generation], autoescape=False
    )
    rounds = count(1)

    def budgeted_range(*bounds: int) -> Iterator[int]:
        for number in range(*bounds):
            if next(rounds) > _MOST_ROUNDS:
                raise JinjaError("the template loops too often")
            yield number

    available: dict[str, Any] = {
        "range": budgeted_range,
        "dict": dict,
        "namespace": environment.globals["namespace"],
        "raise_exception": _refuse,
        "strftime_now": _fixed_date,
    }
    environment.globals.clear()
    environment.globals.update(available)
    filters: dict[str, Any] = {name: environment.filters[name] for name in _FILTERS}
    environment.filters.clear()
    own: dict[str, Any] = {"tojson": _tojson, "replace": _replace, "join": _join}
    environment.filters.update(filters | own)
    return environment


def _refuse(message: str) -> NoReturn:
    raise JinjaError(message)


def _fixed_date(layout: str) -> str:
    """A date that never changes: one that did would have every past conversation read again each morning."""
    return date(2024, 7, 26).strftime(layout)


def _tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None) -> str:  # noqa: ANN401
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


class JinjaTemplate(Family):
    """An unknown model's own template.

    Every text is replaced by a sentinel before rendering and put back afterwards, so that what a person said is
    never taken for the template's own words. Tools are declared in the system message and called the Hermes way.
    """

    family = "jinja"
    tags = HERMES_TAGS

    def __init__(
        self, vocabulary: Vocabulary, template: str, ends: Sequence[str], dialect: Dialect | None, eos: str = ""
    ) -> None:
        super().__init__(vocabulary)
        self._eos = eos
        self.stops = tuple(ends)
        self.dialect = dialect or Hermes()
        self._template = template

    def render(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        *,
        generate: bool = True,
        think: bool = True,
    ) -> list[Segment]:
        """The conversation as segments."""
        pieces: list[list[Segment]] = []
        messages = [self._masked(index, message, pieces) for index, message in enumerate(conversation)]
        if tools:
            self._add_tools(messages, tools, pieces)
        text = render_jinja(
            self._template,
            {
                "messages": messages,
                "add_generation_prompt": generate,
                "enable_thinking": think,
                "bos_token": "",
                "eos_token": self._eos,
            },
        )
        return _unmasked(text, pieces, self.stops)

    def _masked(self, index: int, message: Message, pieces: list[list[Segment]]) -> dict[str, Any]:
        script = Script()
        script.at = index
        role = message.role
        match message:
            case Assistant(text, _, calls):
                script.wrote(text)
                if calls:
                    script.wrote_calls(("\n" if text else "") + self.write_calls(calls), self.tags)
            case ToolResult(_, _, text):
                role = "user"
                script.content(f"<tool_response>\n{text}\n</tool_response>")
            case _:
                script.content(message.text)
        pieces.append(script.done())
        return {"role": role, "content": _sentinel(len(pieces) - 1)}

    def _add_tools(self, messages: list[dict[str, Any]], tools: Sequence[Tool], pieces: list[list[Segment]]) -> None:
        script = Script()
        declare_tools(script, tools)
        pieces.append(script.done())
        declaration = _sentinel(len(pieces) - 1)
        if messages and messages[0]["role"] == "system":
            messages[0]["content"] += f"\n\n{declaration}"
        else:
            messages.insert(0, {"role": "system", "content": declaration})


def _sentinel(number: int) -> str:
    return f"{_OPEN}{number}{_CLOSE}"


def _unmasked(text: str, pieces: Sequence[Sequence[Segment]], stops: Sequence[str]) -> list[Segment]:
    """The pieces in their places. A stop that stands right behind the assistant's words is the assistant's own."""
    segments: list[Segment] = []
    shown: set[int] = set()
    for part in text.split(_OPEN):
        number, mark, rest = part.partition(_CLOSE)
        if not mark:
            number, rest = "", part
        if number.isdigit() and int(number) < len(pieces):
            segments += pieces[int(number)]
            shown.add(int(number))
        last = segments[-1] if segments else None
        stop = next((stop for stop in stops if rest.startswith(stop)), "") if last and last.by_assistant else ""
        if last and stop:
            segments.append(Segment(stop, by_assistant=True, message=last.message))
        if rest := rest.removeprefix(stop):
            segments.append(Segment(rest))
    if lost := set(range(len(pieces))) - shown:
        raise TemplateError(f"the model's chat template drops messages ({', '.join(map(str, sorted(lost)))})")
    return segments


def as_dict(message: Message) -> dict[str, Any]:
    """A message as templates expect it."""
    return {"role": message.role, "content": message.text}
