"""Chat models behind OpenAI's chat completions: OpenAI itself and every server that speaks its protocol.

vLLM, llama-server, Ollama, LM Studio, OpenRouter and Zhipu are reached by their base URL. `draft` is a hint that
changes speed only, and no such server takes it, so it is not sent. All other options are sent; whether a call that
was demanded was made, the answer satisfies its schema and reasoning stayed off is checked on the reply.
A seed is passed on; how far it is honoured is the server's affair. Tokens cannot be counted before sending.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from demiurgic.chat.background import BackgroundLoop
from demiurgic.chat.openai_wire import OPENAI_URL, ChunkReader, dialect_of, request_body
from demiurgic.chat.patience import CONNECT_SECONDS, RETRIES, http_client
from demiurgic.chat.protocol import ReplyOptions
from demiurgic.chat.provider_errors import Service
from demiurgic.chat.remote import DEFAULT_OPTIONS, Ask, Stopped, WireEvent, asked
from demiurgic.chat.remote_reply import RemoteReply
from demiurgic.chat.remote_turn import Turn
from demiurgic.chat.sdk_errors import explained
from demiurgic.errors import ConfigError
from demiurgic.messages import Message, Tool

DEFAULT_TIMEOUT = 600.0
_NO_KEY = "none"
"""Given to the SDK where there is no key, lest it send the one for OpenAI that it finds in the environment."""


class OpenAIChat:
    """One model of one server. `timeout` is the longest silence in seconds, also before the first byte."""

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        context: int | None = None,
    ) -> None:
        import openai  # takes about a second

        url = base_url or OPENAI_URL
        self._dialect = dialect_of(url)
        if self._dialect.needs_key and not api_key:
            raise ConfigError(f"{self._dialect.title} needs an API key", f"set {self._dialect.key_variable}")
        self._model, self._context, self._timeout = model, context, timeout
        self._name = f"{url}#{model}" if base_url else f"openai:{model}"
        self._service = Service(self._dialect.title, url, model, self._dialect.key_variable, api_key)
        self._loop = BackgroundLoop(self._name)
        self._client = openai.AsyncOpenAI(
            api_key=api_key or _NO_KEY,
            base_url=url,
            timeout=openai.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
            max_retries=RETRIES,
            http_client=http_client(openai.DefaultAsyncHttpxClient, url),
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def context(self) -> int | None:
        return self._context

    def reply(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        options: ReplyOptions = DEFAULT_OPTIONS,
    ) -> RemoteReply:
        return RemoteReply(self._loop, Turn(self._dialect.title, asked(conversation, tools, options), self._stream))

    def count_tokens(
        self, conversation: Sequence[Message], tools: Sequence[Tool] = (), *, think: bool = True
    ) -> int | None:
        return None

    def close(self) -> None:
        self._loop.close(self._client.close)

    async def _stream(self, ask: Ask) -> AsyncGenerator[WireEvent, None]:
        import openai

        body, extra = request_body(self._model, ask, self._dialect)
        reader, stopped = ChunkReader(), False
        with explained(openai, self._service, self._timeout) as progress:
            stream: openai.AsyncStream[Any] = await self._client.chat.completions.create(
                **body, stream=True, extra_body=extra
            )
            async with stream:
                progress.began = True
                async for chunk in stream:
                    if not isinstance(chunk, openai.BaseModel):
                        raise self._service.malformed("a part that is no object")
                    for event in reader.read(chunk.to_dict(warnings=False)):
                        stopped = stopped or isinstance(event, Stopped)
                        yield event
        if not stopped:
            raise self._service.broken_off("the stream ended without saying why")
