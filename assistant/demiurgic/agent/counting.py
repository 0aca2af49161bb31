"""Real tokens of texts, for budgets. Where a remote model does not tell, an estimate on the safe side."""

from collections.abc import Sequence

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel
from demiurgic.messages import Message, Tool, User

_BYTES_PER_TOKEN = 3
_UNKNOWN_CONTEXT = 100_000


class Counter:
    """Counts for one model."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self._near = isinstance(model, LocalChat)  # budgets are found by many counts, and a remote one is a request
        self._frame: int | None = None

    @property
    def context(self) -> int:
        """Tokens that a conversation may hold; a careful guess where nobody tells."""
        return self._model.context or _UNKNOWN_CONTEXT

    def conversation(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> int:
        """Tokens of a rendered conversation."""
        exact = self._model.count_tokens(messages, tools)
        if exact is not None:
            return exact
        return sum(_estimate(repr(part)) for part in (*messages, *tools))

    def text(self, text: str) -> int:
        """Tokens of a text by itself."""
        exact = self._model.count_tokens((User(text),)) if self._near else None
        if exact is None:
            return _estimate(text)
        if self._frame is None:
            self._frame = self._model.count_tokens((User(""),)) or 0
        return max(0, exact - self._frame)


def _estimate(text: str) -> int:
    return -(-len(text.encode("utf-8", "surrogatepass")) // _BYTES_PER_TOKEN)
