"""Chat models behind OpenAI's chat completions: OpenAI itself and every server that speaks its protocol.

vLLM, llama-server, Ollama, LM Studio, OpenRouter and Zhipu are reached by their base URL. `draft` is a hint that
changes speed only, and no such server takes it, so it is not sent. All other options are sent; whether a call that
was demanded was made, the answer satisfies its schema and reasoning stayed off is checked on the reply.
A seed is passed on; how far it is honoured is the server's affair. Tokens cannot be counted before sending.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demiurgic.chat.background import BackgroundLoop
from demiurgic.chat.openai_wire import OPENAI_URL, ChunkReader, Dialect, dialect_of, request_body
from demiurgic.chat.patience import CONNECT_SECONDS, RETRIES, SILENCE_SECONDS, http_client
from demiurgic.chat.protocol import ReplyOptions
from demiurgic.chat.provider_errors import Service
from demiurgic.chat.remote import Ask, Stopped, WireEvent, asked
from demiurgic.chat.remote_reply import RemoteReply
from demiurgic.chat.remote_turn import Turn
from demiurgic.chat.sdk_errors import explained
from demiurgic.errors import ConfigError
from demiurgic.messages import Message, Tool

if TYPE_CHECKING:
    import openai

_NO_KEY = "none"
"""Given to the SDK where there is no key, lest it send the one for OpenAI that it finds in the environment."""


@dataclass(frozen=True, slots=True)
class OpenAIModel:
    """One model of one server: what it is called, how its server speaks, and the SDK's way to it."""

    name: str
    model: str
    dialect: Dialect
    service: Service
    client: "openai.AsyncOpenAI"
    timeout: float


def reach(
    model: str,
    base_url: str | None = None,
    api_key: str | None = None,
    timeout: float = SILENCE_SECONDS,
    *,
    many: bool = False,
) -> OpenAIModel:
    """Make ready to ask a model, `many` times a second perhaps; nothing is sent. Raises ConfigError, MissingExtra."""
    import openai  # takes about a second

    url = base_url or OPENAI_URL
    dialect = dialect_of(url)
    if dialect.needs_key and not api_key:
        raise ConfigError(f"{dialect.title} needs an API key", f"set {dialect.key_variable}")
    client = openai.AsyncOpenAI(
        api_key=api_key or _NO_KEY,
        base_url=url,
        timeout=openai.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
        max_retries=RETRIES,
        http_client=http_client(openai, url, many=many),
    )
    name = f"{url}#{model}" if base_url else f"openai:{model}"
    return OpenAIModel(
        name, model, dialect, Service(dialect.title, url, model, dialect.key_variable, api_key), client, timeout
    )


class OpenAIChat:
    """One model of one server. `timeout` is the longest silence in seconds, also before the first byte."""

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float = SILENCE_SECONDS,
        context: int | None = None,
    ) -> None:
        self._at, self._context = reach(model, base_url, api_key, timeout), context
        self._loop = BackgroundLoop(self._at.name)

    @property
    def name(self) -> str:
        return self._at.name

    @property
    def context(self) -> int | None:
        return self._context

    def reply(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        options: ReplyOptions = ReplyOptions(),
    ) -> RemoteReply:
        return RemoteReply(self._loop, Turn(self._at.dialect.title, asked(conversation, tools, options), self._stream))

    def count_tokens(
        self, conversation: Sequence[Message], tools: Sequence[Tool] = (), *, think: bool = True
    ) -> int | None:
        return None

    def close(self) -> None:
        self._loop.close(self._at.client.close)

    async def _stream(self, ask: Ask) -> AsyncGenerator[WireEvent, None]:
        import openai

        at = self._at
        body, extra = request_body(at.model, ask, at.dialect)
        reader, stopped = ChunkReader(), False
        with explained(openai, at.service, at.timeout) as progress:
            stream: openai.AsyncStream[Any] = await at.client.chat.completions.create(
                **body, stream=True, stream_options={"include_usage": True}, extra_body=extra
            )
            async with stream:
                progress.began = True
                async for chunk in stream:
                    if not isinstance(chunk, openai.BaseModel):
                        raise at.service.malformed("a part that is no object")
                    for event in reader.read(chunk.to_dict(warnings=False)):
                        stopped = stopped or isinstance(event, Stopped)
                        yield event
        if not stopped:
            raise at.service.broken_off("the stream ended without saying why")
