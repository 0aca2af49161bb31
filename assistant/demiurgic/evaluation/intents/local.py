"""Classifying with a model that runs here, in our own engine: held to the labels, with exact probabilities.

One request follows the labels from their first token to an end and is told the score of every token that could have
stood there instead; where that leaves too much unread, another request follows the likeliest of the rest. All rows
share the evaluated beginning of their prompts, and as many as the engine takes are decoded together.
"""

import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager

from demiurgic.chat.local import LocalChat
from demiurgic.engine.protocol import Done, EngineEvent, Generation, Piece, Request, TokenScore
from demiurgic.errors import EngineError
from demiurgic.evaluation.intents.data import Row
from demiurgic.evaluation.intents.labels import Labels
from demiurgic.evaluation.intents.odds import Path, Reading, Tree
from demiurgic.evaluation.intents.predictions import Prediction, predicted
from demiurgic.evaluation.intents.wording import Wording, fitted
from demiurgic.evaluation.together import together

_TRIES = 2
"""A request that failed is made once more: the engine's process may have been started anew."""


class LocalIntents:
    """Satisfies `Classifier`. `tolerance` is the share of the probability that may stay unread."""

    def __init__(self, chat: LocalChat, labels: Labels, batch: int, tolerance: float) -> None:
        self._chat, self._labels, self._batch, self._tolerance = chat, labels, batch, tolerance
        self._engine = chat.engine
        self._trees: dict[str, Tree] = {}
        self._lock = threading.Lock()
        self._running: set[Generation] = set()
        self._cancelled = False
        facts = chat.engine.facts
        self._wording = Wording(chat.template, chat.engine, facts.markers, facts.bos)

    @property
    def name(self) -> str:
        """The model's name."""
        return self._chat.name

    @property
    def fingerprint(self) -> str:
        """Names the weights."""
        return self._engine.facts.fingerprint

    @property
    def tells_odds(self) -> bool:
        """It does."""
        return True

    def classify(self, rows: Sequence[Row]) -> Iterator[Prediction]:
        """A prediction for every row, as they come. None comes after `cancel`."""
        self._trees = {form: self._wording.tree(self._labels, form) for form in {row.form for row in rows}}
        for prediction in together(rows, self._persistently, self._batch):
            if self._cancelled:
                return
            yield prediction

    def cancel(self) -> None:
        """End what is under way, for good. May be called from any thread, more than once."""
        with self._lock:
            self._cancelled = True
            running = tuple(self._running)
        for generation in running:
            generation.cancel()

    def close(self) -> None:
        """Free the model."""
        self._chat.close()

    def _persistently(self, row: Row) -> Prediction:
        problem = ""
        for _ in range(_TRIES):
            if self._cancelled:
                break
            try:
                return self._prediction(row)
            except EngineError as error:
                problem = str(error)
        return Prediction(row.line, kind="engine", problem=problem)

    def _prediction(self, row: Row) -> Prediction:
        tree = self._trees[row.form]
        room = self._engine.facts.context - max(map(len, tree.labels))
        prompt, shortened = fitted(row.conversation, self._wording.prompt, room)
        reading = Reading(tree)
        while (path := reading.next(self._tolerance)) is not None:
            self._follow(prompt, path, reading)
            if self._cancelled:
                raise EngineError("it was cancelled")
        return predicted(row, self._labels, reading, shortened=shortened)

    def _follow(self, prompt: Path, path: Path, reading: Reading) -> None:
        """From a place in the tree on to the end of the likeliest label there."""
        choices = reading.tree.below(path)
        request = Request((*prompt, *path), choices=choices, logprobs=0, adapters=self._chat.adapters)
        with self._begun(request) as generation:
            for score in _scores(generation):
                reading.take(path, dict(score.rivals))
                path = (*path, score.token)

    @contextmanager
    def _begun(self, request: Request) -> Generator[Generation]:
        """A generation that ends when all is cancelled."""
        generation = self._engine.generate(request)
        with self._lock:
            self._running.add(generation)
        try:
            if self._cancelled:
                generation.cancel()
            yield generation
        finally:
            with self._lock:
                self._running.discard(generation)


def _scores(events: Iterable[EngineEvent]) -> Iterator[TokenScore]:
    """The score at every place of one generation, the place where it ended included."""
    for event in events:
        if isinstance(event, Piece):
            yield from event.scores
        elif isinstance(event, Done) and event.end_score is not None:
            yield event.end_score
