"""Models that a command asks many things at once."""

from dataclasses import replace
from typing import TYPE_CHECKING

from demiurgic.config import Settings

if TYPE_CHECKING:
    from demiurgic.chat.protocol import ChatModel

_REMOTE_PARALLEL = 4


def open_for_many(settings: Settings, name: str | None, parallel: int | None, context: int | None) -> "ChatModel":
    """A model that answers so many requests at once, each in a context of its own. None of it is kept on disk."""
    from demiurgic.compose import open_chat

    wishes = replace(settings, parallel=parallel or settings.parallel, context=context, disk_cache=0)
    return open_chat(wishes, name, separate=True)


def together(settings: Settings, model: "ChatModel", parallel: int | None) -> int:
    """How many requests go together: as many as was wished for, or what suits the model."""
    from demiurgic.chat.local import LocalChat

    return parallel or (settings.parallel if isinstance(model, LocalChat) else _REMOTE_PARALLEL)
