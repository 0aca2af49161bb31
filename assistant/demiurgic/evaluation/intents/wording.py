"""A row as the tokens that a model reads, and its labels as the tokens that it would write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from demiurgic.errors import ContextOverflow
from demiurgic.evaluation.intents.labels import Labels
from demiurgic.evaluation.intents.odds import Path, Tree
from demiurgic.messages import Assistant, Message, User
from demiurgic.templates.encoding import Tokenizer, encode, opener
from demiurgic.templates.protocol import Segment, Template

_GAP = " … "


@dataclass(frozen=True, slots=True)
class Wording:
    """One model's way of writing conversations. `beginning` opens every prompt, where the model wants that."""

    template: Template
    tokenizer: Tokenizer
    markers: Mapping[str, int]
    beginning: int | None

    def prompt(self, conversation: Sequence[Message]) -> Path:
        """The tokens before the model's answer. It is not asked to think: there is nothing but the label to say."""
        tokens = self._tokens(self.template.render(conversation, generate=True, think=False))
        return (*opener(self.beginning, tokens), *tokens)

    def tree(self, labels: Labels, form: str) -> Tree:
        """The tokens in which each label would be written."""
        return Tree([self._tokens([Segment(self._written(text), True, False)]) for text in labels.spelled(form)])

    def _written(self, answer: str) -> str:
        """The answer as the model itself would write it: in GLM-4's turns a line's end comes first."""
        conversation = (User("?"),)
        opened = _text(self.template.render(conversation, generate=True, think=False))
        whole = _text(self.template.render((*conversation, Assistant(answer)), generate=False, think=False))
        if not whole.startswith(opened) or answer not in whole[len(opened) :]:
            return answer
        return whole[len(opened) : whole.rindex(answer) + len(answer)]

    def _tokens(self, segments: Sequence[Segment]) -> Path:
        parts = encode(segments, self.tokenizer, self.markers)
        return tuple(token for part in parts for token in part.tokens)


def fitted(
    conversation: tuple[Message, ...], write: Callable[[Sequence[Message]], Path], room: int
) -> tuple[Path, bool]:
    """The prompt, and whether the user's last words had to lose their middle to fit. Raises ContextOverflow."""
    tokens = write(conversation)
    if len(tokens) <= room:
        return tokens, False
    fits, too_many, best = -1, len(_last_words(conversation)), tokens
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        tried = write(_shortened(conversation, middle))
        if len(tried) <= room:
            fits, best = middle, tried
        else:
            too_many = middle
    if fits < 0:
        raise ContextOverflow(len(write(_shortened(conversation, 0))), 0, room)
    return best, True


def halved(conversation: tuple[Message, ...]) -> tuple[Message, ...]:
    """With half of the user's last words; unchanged where there is nothing left to leave out."""
    kept = len(_last_words(conversation)) // 2
    return _shortened(conversation, kept) if kept > len(_GAP) else conversation


def _shortened(conversation: tuple[Message, ...], kept: int) -> tuple[Message, ...]:
    """With the beginning and the end of the user's last words: people say what they want in either."""
    place = max(index for index, message in enumerate(conversation) if isinstance(message, User))
    said, tail = _last_words(conversation), kept // 2
    text = said[: kept - tail] + _GAP + (said[-tail:] if tail else "")
    return (*conversation[:place], User(text), *conversation[place + 1 :])


def _last_words(conversation: Sequence[Message]) -> str:
    return next(message.text for message in reversed(conversation) if isinstance(message, User))


def _text(segments: Sequence[Segment]) -> str:
    return "".join(segment.text for segment in segments)
