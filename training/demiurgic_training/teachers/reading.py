"""From a provider's whole reply to an answer."""

from collections.abc import Iterable
from decimal import Decimal

from demiurgic.chat.remote import WireEvent
from demiurgic.chat.remote_turn import Draft
from demiurgic.errors import ProviderError
from demiurgic.events import Finish
from demiurgic_training.teachers.protocol import Answer

DECLINED = "declined"


def answer_of(events: Iterable[WireEvent], charged: Decimal | None = None) -> Answer | None:
    """What the events of one reply come to; None where they do not say how it ended, so that it is no reply."""
    draft = Draft()
    try:
        for event in events:
            draft.take(event)
    except ProviderError as error:  # its filter, or its refusal: paid for like any other reply
        return Answer(draft.text or str(error), DECLINED, draft.reasoning, draft.usage, charged)
    if draft.finish is None:
        return None
    finish = "length" if draft.finish is Finish.LENGTH else "stop"
    return Answer(draft.text, finish, draft.reasoning, draft.usage, charged)
