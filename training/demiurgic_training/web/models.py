"""A model for work on many pages."""

from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import replace

from demiurgic.chat.protocol import ChatModel
from demiurgic.compose import open_chat
from demiurgic.config import Settings

_CONTEXT, _AT_ONCE = 8192, 4


@contextmanager
def opened(settings: Settings, model: str | None, parallel: int | None) -> Generator[tuple[ChatModel, int]]:
    """A model, and how many questions it is asked at once."""
    at_once = parallel or _AT_ONCE
    wishes = replace(settings, parallel=at_once, context=settings.context or _CONTEXT, disk_cache=0)
    with closing(open_chat(wishes, model, separate=True)) as chat:
        yield chat, at_once
