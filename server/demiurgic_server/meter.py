"""What the server counts, as Prometheus reads it."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from demiurgic.engine.protocol import Done, Reading
from demiurgic.events import PromptProgress, ReplyEnded
from demiurgic.messages import Usage
from demiurgic_server.embedding import Embedded
from demiurgic_server.following import Event, Pulse, Told

_SOON = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
_RATES = (1, 2, 5, 10, 20, 40, 80, 160, 320)


class Meter:
    """The figures of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()

        def counter(name: str, about: str, *labels: str) -> Counter:
            return Counter(f"demiurgic_{name}", about, labels, registry=self._registry)

        self._requests = counter("requests", "Requests answered", "method", "path", "status")
        self._prompt = counter("prompt_tokens", "Tokens of prompts")
        self._cached = counter("cached_prompt_tokens", "Tokens of prompts that were known already")
        self._written = counter("completion_tokens", "Tokens written")
        self._first = Histogram(
            "demiurgic_first_token_seconds",
            "From a request's arrival to its first token",
            registry=self._registry,
            buckets=_SOON,
        )
        self._rate = Histogram("demiurgic_tokens_per_second", "Of one reply", registry=self._registry, buckets=_RATES)

    def gauge(self, name: str, about: str, value: Callable[[], float]) -> None:
        """A figure that is looked up when it is asked for."""
        Gauge(f"demiurgic_{name}", about, registry=self._registry).set_function(value)

    def answered(self, method: str, path: str, status: int) -> None:
        """A request was answered. `path` is a route, so that there are few of them."""
        self._requests.labels(method if method in _METHODS else "other", path, status).inc()

    def text(self) -> bytes:
        """All of it."""
        return generate_latest(self._registry)

    async def watching(
        self, events: AsyncIterator[Told[Event] | Pulse], began: float
    ) -> AsyncGenerator[Told[Event] | Pulse]:
        """The same events, counted on their way. The request arrived at `began`, on the clock of `time.monotonic`."""
        first: float | None = None
        async for told in events:
            if first is None and isinstance(told, Told) and not before_the_first(told.event):
                first = time.monotonic()
                self._first.observe(first - began)
            if isinstance(told, Told):
                self.count(told.event, time.monotonic() - (first or began))
            yield told

    def count(self, event: object, took: float) -> None:
        """Something happened in a reply. Its tokens count when it ends, which took so long from the first of them. Any
        thread."""
        if (usage := _usage(event)) is None:
            return
        self._prompt.inc(usage.prompt)
        self._cached.inc(usage.cached)
        self._written.inc(usage.completion)
        if usage.completion > 1 and took > 0:
            self._rate.observe((usage.completion - 1) / took)


def before_the_first(event: object) -> bool:
    """Whether this comes before a reply's first token."""
    return isinstance(event, PromptProgress | Reading | Embedded)


def _usage(event: object) -> Usage | None:
    match event:
        case ReplyEnded():
            return event.usage
        case Done():
            return Usage(event.prompt_tokens, event.cached_tokens, event.completion_tokens)
        case Embedded(_, tokens):
            return Usage(prompt=tokens)
        case _:
            return None
