"""The model at work on a hole.

What is typed of the line stands behind everything else in the prompt, as the beginning of what the model has to write:
so each further key costs its own tokens, and nothing of the text around the place is read again. Blanks at its end are
left for the model to write: it knows words by the blank before them, and hardly any that follow one.
"""

from dataclasses import dataclass

from demiurgic.engine.protocol import Engine, Generation, Piece, Request
from demiurgic.templates.filling import fill_prompt, fill_stops, text_prompt
from demiurgic_lsp.completion.ending import one_line, so_far, whole
from demiurgic_lsp.completion.hole import Hole, shown
from demiurgic_lsp.completion.trimming import trimmed

_LINE, _BLOCK = 48, 160
"""Tokens that are written at most."""


@dataclass(frozen=True, slots=True)
class Filling:
    """An answer under way. `follow` waits for it, in any thread; `cancel` comes from any other."""

    hole: Hole
    generation: Generation
    blanks: int
    """So many at the beginning of what is written stand in the document already."""

    def follow(self) -> str:
        """What fits into the hole; nothing where the model has no idea. What a cancelled one gives is cut short."""
        written = ""
        for event in self.generation:
            if not isinstance(event, Piece):
                continue
            written += event.text
            kept, ended = so_far(self._new(written), self.hole)
            if ended:
                self.generation.cancel()
                return trimmed(kept, self.hole)
        return trimmed(whole(self._new(written), self.hole), self.hole)

    def cancel(self) -> None:
        """Ask for it to end soon."""
        self.generation.cancel()

    def _new(self, written: str) -> str:
        known = len(written) - len(written.lstrip(" "))
        return written[min(known, self.blanks) :]


@dataclass(frozen=True, slots=True)
class Filler:
    """A model that fills holes. One that has not learnt to goes on with the text above."""

    engine: Engine

    @property
    def sees_behind(self) -> bool:
        """Whether it knows what stands behind a hole."""
        return self.engine.facts.fill is not None

    def begin(self, hole: Hole) -> Filling:
        """Begin to fill it."""
        near = shown(hole)
        begun = near.left.rstrip(" ")
        if self.sees_behind:
            prompt, stops = fill_prompt(near.above, near.behind, self.engine, begun), fill_stops(self.engine)
        else:
            prompt, stops = text_prompt(near.above + begun, self.engine), ()
        length = _LINE if one_line(hole) else _BLOCK
        generation = self.engine.generate(Request(prompt, length, stop=stops, markers=True))
        return Filling(hole, generation, len(near.left) - len(begun))
