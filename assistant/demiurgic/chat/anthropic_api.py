"""Chat models behind Anthropic's messages API.

What this API cannot do raises UnsupportedRequest before anything is sent: temperature, top_p, seed, and a
conversation that ends with the assistant's words. `draft` is a hint that changes speed only, and is not sent.
`think` lets a model that decides by itself how long to think do so; it cannot while a call is demanded, and models
that only think within a budget do not think here. The prompt is cached by the provider wherever it can be.
"""

from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Any

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
from demiurgic.chat.patience import CONNECT_SECONDS, RETRIES, http_client
from demiurgic.chat.protocol import ReplyOptions
from demiurgic.chat.provider_errors import Service
from demiurgic.chat.remote import DEFAULT_OPTIONS, Ask, Stopped, WireEvent, asked
from demiurgic.chat.remote_reply import RemoteReply
from demiurgic.chat.remote_turn import Turn
from demiurgic.chat.sdk_errors import explained
from demiurgic.errors import BadSchema, ConfigError, UnsupportedRequest
from demiurgic.messages import Assistant, Message, Tool

ANTHROPIC_URL = "https://api.anthropic.com"
DEFAULT_TIMEOUT = 600.0
_NAME = "Anthropic"
_KEY_VARIABLE = "ANTHROPIC_API_KEY"


class AnthropicChat:
    """One model. `timeout` is the longest silence in seconds, also before the first byte."""

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        context: int | None = None,
    ) -> None:
        import anthropic  # takes about a second

        if not api_key:
            raise ConfigError(f"{_NAME} needs an API key", f"set {_KEY_VARIABLE}")
        url = base_url or ANTHROPIC_URL
        self._model, self._context, self._timeout = model, context, timeout
        self._limits: ModelLimits | None = None
        self._thoughts = Thoughts()
        self._service = Service(_NAME, url, model, _KEY_VARIABLE, api_key)
        self._loop = BackgroundLoop(self.name)
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key,
            base_url=url,
            timeout=anthropic.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
            max_retries=RETRIES,
            http_client=http_client(anthropic.DefaultAsyncHttpxClient, url),
        )

    @property
    def name(self) -> str:
        return f"anthropic:{self._model}"

    @property
    def context(self) -> int | None:
        """What the caller said, or what the provider said once it was first asked for a reply."""
        return self._context or (self._limits.context if self._limits else None)

    def reply(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        options: ReplyOptions = DEFAULT_OPTIONS,
    ) -> RemoteReply:
        ask = asked(conversation, tools, options)
        _refuse_impossible(ask)
        _answer_format(ask)
        return RemoteReply(self._loop, Turn(_NAME, ask, self._stream))

    def count_tokens(
        self, conversation: Sequence[Message], tools: Sequence[Tool] = (), *, think: bool = True
    ) -> int | None:
        """The provider's own count. Goes over the network."""
        return self._loop.run(partial(self._count, conversation, tools))

    def close(self) -> None:
        self._loop.close(self._client.close)

    async def _count(self, conversation: Sequence[Message], tools: Sequence[Tool]) -> int:
        import anthropic

        body = write_conversation(conversation, self._thoughts)
        if tools:
            body["tools"] = write_tools(tools)
        with explained(anthropic, self._service, self._timeout):
            return (await self._client.messages.count_tokens(model=self._model, **body)).input_tokens

    async def _stream(self, ask: Ask) -> AsyncGenerator[WireEvent, None]:
        import anthropic

        reader, stopped = EventReader(self._thoughts), False
        with explained(anthropic, self._service, self._timeout) as progress:
            body = request_body(self._model, ask, await self._known_limits(), self._thoughts)
            stream: anthropic.AsyncStream[Any] = await self._client.messages.create(
                **body, **_answer_format(ask), stream=True
            )
            async with stream:
                progress.began = True
                async for part in stream:
                    if not isinstance(part, anthropic.BaseModel):
                        raise self._service.malformed("a part that is no object")
                    for event in reader.read(part.to_dict(warnings=False)):
                        stopped = stopped or isinstance(event, Stopped)
                        yield event
        if not stopped:
            raise self._service.broken_off("the stream ended without saying why")

    async def _known_limits(self) -> ModelLimits:
        """Asked for once. Proxies that have no list of models leave us with the usual limits."""
        import anthropic

        if self._limits is None:
            try:
                model = await self._client.models.retrieve(self._model)
                self._limits = read_limits(model.to_dict(warnings=False))
            except anthropic.NotFoundError:
                self._limits = ModelLimits()
        return self._limits


def _refuse_impossible(ask: Ask) -> None:
    for name in ("temperature", "top_p", "seed"):
        if getattr(ask.options, name) is not None:
            raise UnsupportedRequest(f"{_NAME} takes no {name}", f"leave {name} out")
    if ask.conversation and isinstance(ask.conversation[-1], Assistant):
        raise UnsupportedRequest(f"{_NAME} does not continue the assistant's own words", "end with a user's message")


def _answer_format(ask: Ask) -> Object:
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
