"""A model that several use at once: each has it as if it were theirs, and closing it only gives it back."""

from collections.abc import Callable, Sequence
from pathlib import Path

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel, Reply, ReplyOptions
from demiurgic.engine.protocol import Engine, EngineStats, Generation, ModelFacts, Request
from demiurgic.messages import Message, Tool


def lent(model: ChatModel, give_back: Callable[[], None]) -> ChatModel:
    """The same model for one more user. `give_back` is called as often as it is closed."""
    if isinstance(model, LocalChat):
        return model.over(LentEngine(model.engine, give_back))
    return LentChat(model, give_back)


class LentEngine:
    """Satisfies `Engine`. Closing it gives it back."""

    def __init__(self, engine: Engine, give_back: Callable[[], None]) -> None:
        self._engine, self._give_back = engine, give_back

    @property
    def facts(self) -> ModelFacts:
        """What is known of the model."""
        return self._engine.facts

    def generate(self, request: Request) -> Generation:
        """Start a request."""
        return self._engine.generate(request)

    def tokenize(self, text: str, markers: bool = True) -> list[int]:
        """Tokens of the text."""
        return self._engine.tokenize(text, markers)

    def detokenize(self, tokens: Sequence[int]) -> bytes:
        """The bytes of these tokens."""
        return self._engine.detokenize(tokens)

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A unit vector for each text."""
        return self._engine.embed(texts)

    def save(self, tokens: Sequence[int], path: Path) -> int:
        """Write what is known of these tokens to a file."""
        return self._engine.save(tokens, path)

    def load(self, path: Path) -> tuple[int, ...]:
        """Take in a saved file."""
        return self._engine.load(path)

    def stats(self) -> EngineStats:
        """What the engine does now."""
        return self._engine.stats()

    def close(self) -> None:
        """Give the model back."""
        self._give_back()


class LentChat:
    """Satisfies `ChatModel`, for models behind which there is no engine of ours. Closing it gives it back."""

    def __init__(self, model: ChatModel, give_back: Callable[[], None]) -> None:
        self._model, self._give_back = model, give_back

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def context(self) -> int | None:
        """Tokens that a conversation may hold."""
        return self._model.context

    def reply(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        options: ReplyOptions = ReplyOptions(),
    ) -> Reply:
        """Start a reply."""
        return self._model.reply(conversation, tools, options)

    def count_tokens(
        self, conversation: Sequence[Message], tools: Sequence[Tool] = (), *, think: bool = True
    ) -> int | None:
        """Tokens of the conversation, where the provider can say."""
        return self._model.count_tokens(conversation, tools, think=think)

    def close(self) -> None:
        """Give the model back."""
        self._give_back()
