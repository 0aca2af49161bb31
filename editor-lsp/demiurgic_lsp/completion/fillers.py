"""The kinds of models, each with its own way to be asked for what is missing."""

import re
from dataclasses import dataclass
from functools import partial

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel, ReplyOptions
from demiurgic.engine.protocol import Engine, Request
from demiurgic.messages import Message, System, User
from demiurgic.templates.encoding import encode, opener
from demiurgic.templates.filling import Gap, Nearby, fill_prompt, fill_stops, text_prompt
from demiurgic.templates.protocol import Segment
from demiurgic_lsp.completion.ending import one_line
from demiurgic_lsp.completion.filling import Filler, Filling
from demiurgic_lsp.completion.hole import Hole, shown

_LINE = 48
"""Tokens that are written at most where no more than the rest of a line is missing."""
_FENCE = "```"
_TASK = """You complete the code of a programmer. Where <HOLE> stands in their file, something is missing. Answer with \
one code block that holds the line of the hole from its beginning, and, only if a whole block is missing, the lines of \
that block. Nothing that follows the hole already, no explanation."""


def filler_for(model: ChatModel) -> Filler:
    """The best way that a model can be asked. What its vocabulary says counts, not its name."""
    if not isinstance(model, LocalChat):
        return Asked(model)
    if model.engine.facts.fill is not None:
        return Taught(model.engine)
    return Spoken(model) if model.engine.facts.template else Continuing(model.engine)


@dataclass(frozen=True, slots=True)
class Taught:
    """A model that has learnt to fill holes.

    What is typed of the line stands behind everything else, as the beginning of what the model writes: so each further
    key costs its own tokens, and nothing around the place is read again. Blanks at its end are left for the model to
    write: it knows words by the blank before them, and hardly any that follow one.
    """

    engine: Engine

    def begin(self, hole: Hole, longest: int, nearby: tuple[Nearby, ...] = ()) -> Filling:
        """Begin to fill it."""
        near, begun = shown(hole), hole.left.rstrip(" ")
        prompt = fill_prompt(Gap(near.above, near.behind, begun, _brief(hole.path), _named(nearby)), self.engine)
        request = Request(prompt, _length(hole, longest), stop=fill_stops(self.engine), markers=True)
        return Filling(hole, self.engine.generate(request), _without_blanks(hole.left))


@dataclass(frozen=True, slots=True)
class Continuing:
    """A model that has learnt nothing but to go on with a text. What stands behind the hole is unknown to it."""

    engine: Engine

    def begin(self, hole: Hole, longest: int, nearby: tuple[Nearby, ...] = ()) -> Filling:
        """Begin to go on."""
        prompt = text_prompt(shown(hole).above + hole.left.rstrip(" "), self.engine)
        work = self.engine.generate(Request(prompt, _length(hole, longest)))
        return Filling(hole, work, _without_blanks(hole.left))


@dataclass(frozen=True, slots=True)
class Spoken:
    """A local model for conversations: it is asked, and finds the beginning of its answer written already."""

    model: LocalChat

    def begin(self, hole: Hole, longest: int, nearby: tuple[Nearby, ...] = ()) -> Filling:
        """Begin to ask it."""
        engine, begun = self.model.engine, hole.left.rstrip(" ")
        segments = self.model.template.render(_conversation(hole, nearby), generate=True, think=False)
        segments.append(Segment(f"{_FENCE}\n{begun}", trusted=False))
        tokens = [token for part in encode(segments, engine, engine.facts.markers) for token in part.tokens]
        prompt = (*opener(engine.facts.bos, tokens), *tokens)
        work = engine.generate(Request(prompt, _length(hole, longest), stop=(_FENCE, *self.model.template.stops)))
        return Filling(hole, work, _without_blanks(hole.left))


@dataclass(frozen=True, slots=True)
class Asked:
    """A model of somebody else's: it is asked in words, and answers as it likes."""

    model: ChatModel

    def begin(self, hole: Hole, longest: int, nearby: tuple[Nearby, ...] = ()) -> Filling:
        """Begin to ask it."""
        options = ReplyOptions(max_tokens=_length(hole, longest) + 32, temperature=0.0, think=False)
        reply = self.model.reply(_conversation(hole, nearby), (), options)
        return Filling(hole, reply, partial(_in_the_block, begun=hole.left))


def _length(hole: Hole, longest: int) -> int:
    return min(_LINE, longest) if one_line(hole) else longest


def _without_blanks(left: str) -> "partial[str]":
    return partial(_less_blanks, most=len(left) - len(left.rstrip(" ")))


def _less_blanks(written: str, most: int) -> str:
    known = len(written) - len(written.lstrip(" "))
    return written[min(known, most) :]


def _brief(path: str) -> str:
    """A file's name with the folders next to it: where the project lies is no business of the model's."""
    return "/".join(path.split("/")[-3:])


def _named(nearby: tuple[Nearby, ...]) -> tuple[Nearby, ...]:
    return tuple(Nearby(_brief(part.path), part.text) for part in nearby)


def _conversation(hole: Hole, nearby: tuple[Nearby, ...]) -> list[Message]:
    near = shown(hole)
    others = "".join(f"{part.path}:\n{_FENCE}\n{part.text}\n{_FENCE}\n\n" for part in _named(nearby))
    file = f"{_brief(hole.path)}:\n{_FENCE}\n{near.above}{near.left}<HOLE>{near.behind}\n{_FENCE}"
    return [System(_TASK), User(others + file)]


def _in_the_block(written: str, begun: str) -> str:
    """What an answer in words says is missing: its first block, less what stands on the line already."""
    found = re.match(rf"\s*(?:[^\n]*\n+)??{_FENCE}\w*\n(.*)", written, re.DOTALL)
    if not found:
        return ""
    block = found[1].split(f"\n{_FENCE}")[0]
    bare, typed = block.lstrip(), begun.strip()
    if typed and bare.startswith(typed):
        return _less_blanks(bare[len(typed) :], len(begun) - len(begun.rstrip(" ")))
    return bare if typed else block.removeprefix(begun)
