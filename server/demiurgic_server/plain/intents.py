"""`POST /v1/intents/classify`: which of some labels fits what people said, and how sure the model is.

Only models that run here are asked, since it takes the scores of tokens. One request may take every place there is:
its texts are read together and share the beginning of their prompts.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel
from demiurgic.errors import EngineError, UnsupportedRequest
from demiurgic.evaluation.intents.data import Row
from demiurgic.evaluation.intents.local import LocalIntents
from demiurgic.evaluation.intents.predictions import Prediction
from demiurgic_server.following import Told
from demiurgic_server.house import Answering, Asked, house_of, whole
from demiurgic_server.plain.intent_wire import Intent, Intents, IntentsBody, intent_of, labels_of, rows_of

router = APIRouter(tags=["plain"])


@router.post("/v1/intents/classify")
async def classify(body: IntentsBody, request: Request) -> Intents:
    """Give each text the label that fits it best."""
    house = house_of(request)
    asked = _asked(body, house.serving.limits.parallel)
    return await whole(request, house, asked, lambda begun: _intents(begun, body))


@dataclass(frozen=True, slots=True)
class _Classification:
    """Satisfies `Source`."""

    intents: LocalIntents
    rows: Sequence[Row]

    def __iter__(self) -> Iterator[Prediction]:
        return self.intents.classify(self.rows)

    def cancel(self) -> None:
        self.intents.cancel()


def _asked(body: IntentsBody, places: int) -> Asked[Prediction]:
    labels = labels_of(body)
    rows = rows_of(body, labels)
    together = min(places, len(rows))

    def begin(model: ChatModel) -> Sequence[_Classification]:
        if not isinstance(model, LocalChat):
            raise UnsupportedRequest(f"{model.name} does not run here, and only such models tell their labels' odds")
        return [_Classification(LocalIntents(model, labels, together, body.tolerance), rows)]

    return Asked(body.model, begin, together)


async def _intents(begun: Answering[Prediction], body: IntentsBody) -> Intents:
    found: dict[int, Intent] = {}
    async for event in begun.events:
        if isinstance(event, Told):
            prediction = event.event
            if prediction.problem:
                raise EngineError(f"text {prediction.line} could not be classified: {prediction.problem}")
            found[prediction.line] = intent_of(prediction, body.top)
    results = [found[line] for line in sorted(found)]
    return Intents(id=f"intents-{secrets.token_hex(12)}", model=begun.model, results=results)
