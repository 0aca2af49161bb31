"""Classifying with a model that is only talked to: it answers under a JSON schema, and tells no probabilities."""

import json
from collections.abc import Iterator, Sequence

from demiurgic.chat.protocol import ChatModel, Reply, ReplyOptions
from demiurgic.errors import ContextOverflow, WorkError
from demiurgic.evaluation.intents.data import Row
from demiurgic.evaluation.intents.labels import Labels
from demiurgic.evaluation.intents.predictions import Prediction
from demiurgic.evaluation.intents.wording import halved
from demiurgic.evaluation.together import together
from demiurgic.events import ReplyEnded

_ANSWER_TOKENS = 512


class RemoteIntents:
    """Satisfies `Classifier`, for anything that can be talked to."""

    def __init__(self, chat: ChatModel, labels: Labels, at_once: int) -> None:
        self._chat, self._at_once = chat, at_once
        self._names = frozenset(labels.names)
        schema = {
            "type": "object",
            "properties": {"intent": {"enum": list(labels.names)}},
            "required": ["intent"],
            "additionalProperties": False,
        }
        self._options = ReplyOptions(answer_schema=schema, max_tokens=_ANSWER_TOKENS, think=False)

    @property
    def name(self) -> str:
        """The model's name."""
        return self._chat.name

    @property
    def fingerprint(self) -> str:
        """What a provider evaluates is not known."""
        return ""

    @property
    def tells_odds(self) -> bool:
        """It does not."""
        return False

    def classify(self, rows: Sequence[Row]) -> Iterator[Prediction]:
        """A prediction for every row, as they come."""
        return together(rows, self._prediction, self._at_once)

    def close(self) -> None:
        """Hang up."""
        self._chat.close()

    def _prediction(self, row: Row) -> Prediction:
        conversation, shortened = row.conversation, False
        while True:
            try:
                answer = _answer(self._chat.reply(conversation, options=self._options))
            except ContextOverflow:
                shorter = halved(conversation)
                if shorter == conversation:
                    raise
                conversation, shortened = shorter, True
            except WorkError as error:
                return Prediction(row.line, kind="provider", problem=str(error), shortened=shortened)
            else:
                return self._read(row, answer, shortened=shortened)

    def _read(self, row: Row, answer: str, *, shortened: bool) -> Prediction:
        try:
            label = json.loads(answer)["intent"]
        except (ValueError, KeyError, TypeError):
            label = None
        if label not in self._names:
            return Prediction(row.line, kind="provider", problem=f"the answer names no label: {answer[:200]}")
        return Prediction(row.line, label, shortened=shortened)


def _answer(reply: Reply) -> str:
    ended = next(event for event in reply if isinstance(event, ReplyEnded))
    return ended.message.text
