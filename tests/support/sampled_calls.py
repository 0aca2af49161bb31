"""Many calls sampled hot from an engine, and how many of them are what they should be."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from jsonschema import Draft202012Validator

from demiurgic.engine.protocol import Done, EndReason, Engine, Generation, Piece, Request, Sampling
from demiurgic.messages import Tool, User
from demiurgic.templates.encoding import encode, token_mask
from demiurgic.templates.protocol import CallRead, CallRules, Template


@dataclass(slots=True)
class Tally:
    """What became of the calls."""

    outcomes: Counter[str] = field(default_factory=Counter[str])
    examples: list[str] = field(default_factory=list[str])

    def add(self, outcome: str, text: str) -> None:
        self.outcomes[outcome] += 1
        if outcome not in ("valid", "cut off"):
            self.examples.append(f"{outcome}: {text!r}")


def sample_calls(
    engine: Engine, template: Template, tools: Sequence[Tool], numbers: range, *, constrained: bool = True
) -> Tally:
    """Ask for calls of each tool in turn, at temperature 1.2. A number is a seed, and says which tool."""
    tally = Tally()
    waiting: list[tuple[Tool, Generation]] = []
    for number in numbers:
        tool = tools[number % len(tools)]
        segments = template.render([User(f"Use {tool.name} now, please. ({number})")], [tool])
        prompt, _ = token_mask(encode(segments, engine, engine.facts.markers))
        rules = CallRules((tool,), "required", parallel=False)
        request = Request(
            tuple(prompt),
            max_tokens=400,
            sampling=Sampling(temperature=1.2, seed=number),
            grammar=template.call_grammar(rules, think=False) if constrained else None,
            markers=True,
        )
        waiting.append((tool, engine.generate(request)))
        if len(waiting) >= 32:
            _judge(*waiting.pop(0), template, tally)
    for tool, generation in waiting:
        _judge(tool, generation, template, tally)
    return tally


def _judge(tool: Tool, generation: Generation, template: Template, tally: Tally) -> None:
    text, reason = "", EndReason.CANCELLED
    for event in generation:
        if isinstance(event, Piece):
            text += event.text
        elif isinstance(event, Done):
            reason = event.reason
    if reason is EndReason.LENGTH:
        tally.add("cut off", text)
        return
    reader = template.reader([tool], think=False)
    calls = [event for event in [*reader.feed(text), *reader.finish()] if isinstance(event, CallRead)]
    if len(calls) != 1:
        tally.add("no call", text)
    elif not Draft202012Validator(dict(tool.parameters)).is_valid(dict(calls[0].arguments)):
        tally.add("fails its schema", text)
    else:
        slowly = template.reader([tool], think=False)
        events = [event for letter in text for event in slowly.feed(letter)] + slowly.finish()
        same = [event for event in events if isinstance(event, CallRead)] == calls
        tally.add("valid" if same else "read differently", text)
