"""The models of one editor's conversations: each is loaded once, however many talk to it, and freed with the last."""

import threading
from collections.abc import Hashable
from contextlib import ExitStack
from dataclasses import dataclass

from demiurgic.chat.lent import lent
from demiurgic.chat.protocol import ChatModel
from demiurgic.compose.chat import default_model
from demiurgic.compose.desk import OpenModel
from demiurgic.config import Settings


@dataclass(slots=True)
class _Opened:
    model: ChatModel
    users: int = 0


class Models:
    """Used from any thread."""

    def __init__(self, open_model: OpenModel) -> None:
        self._open_model = open_model
        self._lock = threading.Lock()
        self._opened: dict[Hashable, _Opened] = {}

    def open(self, settings: Settings, name: str) -> ChatModel:
        """Satisfies `OpenModel`. Whoever asks while a model is loaded waits for it."""
        wanted = name or settings.model or default_model(settings)
        # A project may set these, so that the same model is not the same for all.
        key = (wanted, settings.context, settings.threads, settings.parallel, settings.temperature)
        with self._lock:
            if key not in self._opened:
                self._opened[key] = _Opened(self._open_model(settings, wanted))
            opened = self._opened[key]
            opened.users += 1
        once = ExitStack()
        once.callback(self._give_back, key)
        return lent(opened.model, once.close)

    def _give_back(self, key: Hashable) -> None:
        with self._lock:
            opened = self._opened[key]
            opened.users -= 1
            if not opened.users:
                del self._opened[key]
                opened.model.close()
