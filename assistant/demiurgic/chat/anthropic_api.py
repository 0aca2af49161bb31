"""Chat models behind Anthropic's messages API.

What this API cannot do raises UnsupportedRequest before anything is sent: temperature, top_p, seed, and a
conversation that ends with the assistant's words. `draft` is a hint that changes speed only, and is not sent.
`think` lets a model that decides by itself how long to think do so; it cannot while a call is demanded, and models
that only think within a budget do not think here. The prompt is cached by the provider wherever it can be.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from demiurgic.chat.anthropic_wire import (
    EventReader,
    ModelLimits,
    Object,
    Thoughts,
    read_limits,
    request_body,
    write_conversation,
    write_tools,
)
from demiurgic.chat.background import BackgroundLoop
from demiurgic.chat.patience import CONNECT_SECONDS, RETRIES, SILENCE_SECONDS, http_client
from demiurgic.chat.protocol import ReplyOptions
from demiurgic.chat.provider_errors import Service
from demiurgic.chat.remote import Ask, Stopped, WireEvent, asked
from demiurgic.chat.remote_reply import RemoteReply
from demiurgic.chat.remote_turn import Turn
from demiurgic.chat.sdk_errors import explained
from demiurgic.errors import BadSchema, ConfigError, UnsupportedRequest
from demiurgic.messages import Assistant, Message, Tool

if TYPE_CHECKING:
    import anthropic

ANTHROPIC_URL = "https://api.anthropic.com"
_NAME = "Anthropic"
_KEY_VARIABLE = "ANTHROPIC_API_KEY"


@dataclass(frozen=True, slots=True)
class AnthropicModel:
    """One model, and the SDK's way to it."""

    model: str
    service: Service
    client: "anthropic.AsyncAnthropic"
    timeout: float

    @property
    def name(self) -> str:
        return f"anthropic:{self.model}"


def reach(
    model: str,
    base_url: str | None = None,
    api_key: str | None = None,
    timeout: float = SILENCE_SECONDS,
    *,
    many: bool = False,
) -> AnthropicModel:
    """Make ready to ask a model, `many` times a second perhaps; nothing is sent. Raises ConfigError, MissingExtra."""
    import anthropic  # takes about a second

    if not api_key:
        raise ConfigError(f"{_NAME} needs an API key", f"set {_KEY_VARIABLE}")
    url = base_url or ANTHROPIC_URL
    client = anthropic.AsyncAnthropic(
        api_key=api_key,
        base_url=url,
        timeout=anthropic.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
        max_retries=RETRIES,
        http_client=http_client(anthropic, url, many=many),
    )
    return AnthropicModel(model, Service(_NAME, url, model, _KEY_VARIABLE, api_key), client, timeout)


class AnthropicChat:
    """One model. `timeout` is the longest silence in seconds, also before the first byte."""

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = SILENCE_SECONDS,
        context: int | None = None,
    ) -> None:
        self._at, self._context = reach(model, base_url, api_key, timeout), context
        self._limits: ModelLimits | None = None
        self._thoughts = Thoughts()
        self._loop = BackgroundLoop(self.name)

    @property
    def name(self) -> str:
        return self._at.name

    @property
    def context(self) -> int | None:
        """What the caller said, or what the provider said once it was first asked for a reply."""
        return self._context or (self._limits.context if self._limits else None)

    def reply(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        options: ReplyOptions = ReplyOptions(),
    ) -> RemoteReply:
        ask = asked(conversation, tools, options)
        _refuse_impossible(ask)
        answer_format(ask)
        return RemoteReply(self._loop, Turn(_NAME, ask, self._stream))

    def count_tokens(
        self, conversation: Sequence[Message], tools: Sequence[Tool] = (), *, think: bool = True
    ) -> int | None:
        """The provider's own count. Goes over the network."""
        return self._loop.run(partial(self._count, conversation, tools))

    def close(self) -> None:
        self._loop.close(self._at.client.close)

    async def _count(self, conversation: Sequence[Message], tools: Sequence[Tool]) -> int:
        import anthropic

        body = write_conversation(conversation, self._thoughts)
        if tools:
            body["tools"] = write_tools(tools)
        with explained(anthropic, self._at.service, self._at.timeout):
            return (await self._at.client.messages.count_tokens(model=self._at.model, **body)).input_tokens

    async def _stream(self, ask: Ask) -> AsyncGenerator[WireEvent, None]:
        import anthropic

        at, reader, stopped = self._at, EventReader(self._thoughts), False
        with explained(anthropic, at.service, at.timeout) as progress:
            self._limits = self._limits or await known_limits(at)
            body = request_body(at.model, ask, self._limits, self._thoughts)
            stream: anthropic.AsyncStream[Any] = await at.client.messages.create(
                **body, **answer_format(ask), cache_control={"type": "ephemeral"}, stream=True
            )
            async with stream:
                progress.began = True
                async for part in stream:
                    if not isinstance(part, anthropic.BaseModel):
                        raise at.service.malformed("a part that is no object")
                    for event in reader.read(part.to_dict(warnings=False)):
                        stopped = stopped or isinstance(event, Stopped)
                        yield event
        if not stopped:
            raise at.service.broken_off("the stream ended without saying why")


async def known_limits(at: AnthropicModel) -> ModelLimits:
    """What the provider says of the model. Proxies that have no list of models leave us with the usual limits."""
    import anthropic

    try:
        model = await at.client.models.retrieve(at.model)
    except anthropic.NotFoundError:
        return ModelLimits()
    return read_limits(model.to_dict(warnings=False))


def _refuse_impossible(ask: Ask) -> None:
    for name in ("temperature", "top_p", "seed"):
        if getattr(ask.options, name) is not None:
            raise UnsupportedRequest(f"{_NAME} takes no {name}", f"leave {name} out")
    if ask.conversation and isinstance(ask.conversation[-1], Assistant):
        raise UnsupportedRequest(f"{_NAME} does not continue the assistant's own words", "end with a user's message")


def answer_format(ask: Ask) -> Object:
    """The provider enforces a simpler schema that the SDK derives; the whole one is checked on the answer."""
    import anthropic

    schema = ask.options.answer_schema
    if schema is None:
        return {}
    try:
        simpler = anthropic.transform_schema(dict(schema))
    except ValueError as error:
        raise BadSchema(f"{_NAME} cannot enforce the answer's schema: {error}") from error
    return {"output_config": {"format": {"type": "json_schema", "schema": simpler}}}
