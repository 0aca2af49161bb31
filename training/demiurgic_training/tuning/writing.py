"""One row as tokens: what the model reads, what it learns of it, and whether each of its turns ends.

The runtime's renderer knows who wrote what. A row with thoughts in it is written as a model reads that thinks; one
without them as a model reads that was told not to.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from demiurgic.messages import Assistant, Message, System, Tool
from demiurgic.templates.checkpoint import CheckpointTokenizer
from demiurgic.templates.encoding import Encoded, encode, opener, token_mask
from demiurgic.templates.protocol import Template
from demiurgic_training.convert.characters import in_character
from demiurgic_training.rows import Pair, Row
from demiurgic_training.tuning.lesson import Lesson, PairLesson


@dataclass(frozen=True, slots=True)
class Turns:
    """How many turns the assistant has in a row, and how many of them end with one of the family's stops."""

    count: int
    stopped: int

    def __add__(self, other: "Turns") -> "Turns":
        return Turns(self.count + other.count, self.stopped + other.stopped)


class Writer:
    """Writes rows for one model. `system` stands above those that have no system message."""

    def __init__(self, tokenizer: CheckpointTokenizer, template: Template, system: str = "") -> None:
        self.tokenizer, self.template = tokenizer, template
        self._system = (System(system),) if system else ()
        self._stops = [stop for stop in template.stops if stop not in tokenizer.markers]
        self._stop_tokens = frozenset(tokenizer.markers[stop] for stop in template.stops if stop in tokenizer.markers)

    def write(self, item: Row | Pair) -> tuple[Lesson | PairLesson, Turns]:
        """A row as a lesson. Raises TemplateError or UnsupportedRequest."""
        return self.row(item) if isinstance(item, Row) else self.pair(item)

    def row(self, row: Row) -> tuple[Lesson, Turns]:
        """A conversation as a lesson."""
        messages, template = in_character(row, self.template)
        parts = self._parts(messages, row.tools, think=_thinks(row.messages), template=template)
        tokens, learned = token_mask(parts)
        begun = self._opener(tokens)
        end = max((number for number, held in enumerate(learned, 1) if held), default=len(learned))
        lesson = Lesson((*begun, *tokens[:end]), (*(False for _ in begun), *learned[:end]))
        return lesson, self._turns(parts)

    def pair(self, pair: Pair) -> tuple[PairLesson, Turns]:
        """A pair as a lesson."""
        think = _thinks((*pair.prompt, pair.chosen, pair.rejected))
        prompt, chosen, first = self._answered(pair.prompt, pair.chosen, think=think)
        _, rejected, second = self._answered(pair.prompt, pair.rejected, think=think)
        return PairLesson(prompt, chosen, rejected), first + second

    def decoded(self, tokens: Sequence[int]) -> str:
        """The text of tokens, special ones by their names."""
        return self.tokenizer.native.decode(list(tokens), skip_special_tokens=False)

    def _answered(
        self, prompt: Sequence[Message], answer: Assistant, *, think: bool
    ) -> tuple[tuple[int, ...], tuple[int, ...], Turns]:
        parts = self._parts((*prompt, answer), (), think=think)
        last = max((part.message for part in parts if part.by_assistant), default=-1)
        begin = next((n for n, part in enumerate(parts) if part.by_assistant and part.message == last), len(parts))
        end = max((n for n, part in enumerate(parts, 1) if part.by_assistant), default=len(parts))
        before = [token for part in parts[:begin] for token in part.tokens]
        said = tuple(token for part in parts[begin:end] for token in part.tokens)
        return (*self._opener(before), *before), said, self._turns(parts[begin:end])

    def _parts(
        self, messages: Sequence[Message], tools: Sequence[Tool], *, think: bool, template: Template | None = None
    ) -> list[Encoded]:
        if self._system and not any(isinstance(message, System) for message in messages):
            messages = (*self._system, *messages)
        segments = (template or self.template).render(messages, tools, generate=False, think=think)
        return encode(segments, self.tokenizer, self.tokenizer.markers)

    def _opener(self, tokens: Sequence[int]) -> tuple[int, ...]:
        return opener(self.tokenizer.beginning, tokens)

    def _turns(self, parts: Sequence[Encoded]) -> Turns:
        """A turn is a message of the assistant; it ends where the last of its parts does."""
        ends = {part.message: part.tokens for part in parts if part.by_assistant and part.tokens}
        return Turns(len(ends), sum(map(self._stops_there, ends.values())))

    def _stops_there(self, tokens: tuple[int, ...]) -> bool:
        if tokens[-1] in self._stop_tokens:
            return True
        text = self.decoded(tokens[-4:]) if self._stops else ""
        return any(text.endswith(stop) for stop in self._stops)


def _thinks(messages: Sequence[Message]) -> bool:
    return any(isinstance(message, Assistant) and message.reasoning for message in messages)
