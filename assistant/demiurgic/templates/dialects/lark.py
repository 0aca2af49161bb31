"""Writing Lark grammars for llguidance, in which foreign strings are data and can never become syntax.

Knows nothing of tools. A grammar is a list of rules; each method adds one and returns its name, so that
grammars are built from the leaves up.
"""

import json
from collections.abc import Sequence

from demiurgic.errors import MissingExtra
from demiurgic.messages import JsonObject
from demiurgic.templates.protocol import Reasoning, Vocabulary

ANY = "/(?s:.*)/"
BREAKS = r"/\n{0,2}/"

COMPACT = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""JSON as `json.dumps` writes it, which is how the families were taught to write it."""

LOOSE = {"whitespace_pattern": "[ \n]{1,24}"}
"""JSON laid out by taste, but not with endless blanks, in which a small model may lose itself."""


def literal(text: str) -> str:
    """An expression that matches exactly this text."""
    return json.dumps(text)


def escaped(text: str) -> str:
    """The body of a regular expression that matches exactly this text."""
    return "".join(char if char.isascii() and char.isalnum() else f"\\x{{{ord(char):x}}}" for char in text)


def containing(text: str) -> str:
    """An expression for everything that holds this text somewhere."""
    return f"/(?s:.*){escaped(text)}(?s:.*)/"


class Lark:
    """A grammar under construction, for one model's vocabulary."""

    def __init__(self, vocabulary: Vocabulary, reasoning: Reasoning | None) -> None:
        self._vocabulary = vocabulary
        self._reasoning = reasoning
        self._rules: list[str] = []
        self.free = ANY
        """An answer in free text. It does not begin like a thought, for then it is one."""
        if reasoning and not reasoning.prefilled:
            self.free = f"({ANY} & ~/\\s*{escaped(reasoning.opener)}(?s:.*)/)"

    def rule(self, body: str, *, lazy: bool = False) -> str:
        """Add a rule. A `lazy` one is a single lexeme that ends as soon as it can."""
        name = f"r{len(self._rules)}"
        self._rules.append(f"{name}{'[lazy]' if lazy else ''}: {body}")
        return name

    def reserve(self) -> str:
        """The name of a rule that is yet to be defined, so that rules can refer to themselves."""
        self._rules.append("")
        return f"r{len(self._rules) - 1}"

    def define(self, name: str, body: str) -> None:
        """Say what a reserved rule stands for."""
        self._rules[int(name[1:])] = f"{name}: {body}"

    def terminal(self, body: str) -> str:
        """Add a regular expression, matched as one lexeme as far as it reaches."""
        name = f"T{len(self._rules)}"
        self._rules.append(f"{name}: {body}")
        return name

    def json(self, schema: JsonObject, layout: JsonObject = COMPACT) -> str:
        """Add JSON under `schema`."""
        return self.rule("%json " + json.dumps({**schema, "x-guidance": layout}))

    def is_token(self, text: str) -> bool:
        """Whether this text is one special token."""
        return text in self._vocabulary.markers

    def marker(self, text: str) -> str:
        """An expression for a tag of the family, as its token where it has one."""
        token = self._vocabulary.markers.get(text)
        return literal(text) if token is None else f"<[{token}]>"

    def up_to(self, tag: str, content: str = ANY) -> str:
        """Add `content` that ends with `tag` and does not hold it elsewhere."""
        within = f"({content} & ~{containing(tag)})"
        if self.is_token(tag):
            return self.rule(f"{self.terminal(within)} {self.marker(tag)}")
        return self.rule(f"{within} {literal(tag)}", lazy=True)

    def up_to_opener(self, tag: str) -> str:
        """Add free text up to `tag`, whether that comes as its token or is spelled out."""
        spelled = self.rule(f"{self.free} {literal(tag)}", lazy=True)
        if not self.is_token(tag):
            return spelled
        return self.rule(f"{spelled} | {self.without(tag)} {self.marker(tag)}")

    def without(self, tag: str) -> str:
        """Add free text that does not hold `tag`."""
        return self.terminal(f"{self.free} & ~{containing(tag)}")

    def finish(self, body: str) -> str:
        """The whole grammar: `body` after any reasoning."""
        start = f"start: {self._thoughts()}{self.rule(body)}"
        return "\n".join([start, *self._rules]) + "\n"

    def _thoughts(self) -> str:
        if not self._reasoning:
            return ""
        thought = self.up_to(self._reasoning.closer)
        if self._reasoning.prefilled:
            return f"{thought} {BREAKS} "
        return f"({BREAKS} {self.marker(self._reasoning.opener)} {thought} {BREAKS})? "


def validate(grammar: str) -> str:
    """What llguidance has against a grammar; empty when it has nothing."""
    try:
        from llguidance import LLMatcher
    except ImportError as error:
        raise MissingExtra("constrained decoding", "llama") from error
    problem = LLMatcher.validate_grammar(LLMatcher.grammar_from_lark(grammar))
    return problem.split("failed to compile JSON schema: ")[-1].split("\n   1 |")[0].strip()


def either(options: Sequence[str]) -> str:
    """An expression for any one of the options."""
    return f"({' | '.join(options)})"
