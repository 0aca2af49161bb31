"""What to tell a person when a remote model fails: what happened, its status, and the next step.

Providers like to repeat a wrong key in their messages. No key passes through here, whole or in part.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from demiurgic.errors import ContextOverflow, DemiurgicError, ProviderError
from demiurgic.messages import Json

LONGEST_MESSAGE = 400
_KEY_LIKE = re.compile(r"\b(?:sk|key|xai|gsk|hf)[-_][\w*.-]{6,}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Service:
    """The provider as its errors speak of it."""

    title: str
    url: str
    model: str
    key_variable: str
    key: str | None = field(default=None, repr=False)

    def status_error(self, status: int | None, body: Json, headers: Mapping[str, str]) -> DemiurgicError:
        """The provider answered, and what it said was no reply."""
        said = self._safe(_message_in(body))
        if overflow := _overflow(body):
            return overflow
        detail = f": {said}" if said else ""
        number = f" ({status})" if status else ""
        return ProviderError(
            f"{self.title} {_what_happened(status)}{number}{detail}", self._next_step(status, headers), status=status
        )

    def timed_out(self, seconds: float) -> ProviderError:
        """No byte came for too long."""
        return ProviderError(
            f"{self.title} did not answer within {seconds:g} seconds",
            "try again; a local server that reads a long prompt may need a larger timeout",
        )

    def unreachable(self, cause: BaseException | None) -> ProviderError:
        """There was no connection, or it broke before the reply began."""
        detail = f" ({self._safe(str(cause))})" if cause and str(cause) else ""
        return ProviderError(f"no connection to {self.title} at {self.url}{detail}", "is the server running?")

    def broken_off(self, detail: str) -> ProviderError:
        """The reply began and did not end as replies end."""
        return ProviderError(f"the reply of {self.title} broke off: {self._safe(detail)}", "ask again")

    def malformed(self, detail: str) -> ProviderError:
        """What came is not what this protocol allows."""
        return ProviderError(
            f"{self.title} sent something that is no reply: {self._safe(detail)}",
            f"check that {self.url} is the address of its API",
        )

    def _next_step(self, status: int | None, headers: Mapping[str, str]) -> str:
        wait = headers.get("retry-after", "")
        steps = {
            401: f"set {self.key_variable} to a valid key",
            402: "the account behind the key has no credit left",
            403: f"the key in {self.key_variable} may not use {self.model}",
            404: f"it may not know a model named {self.model!r}, or {self.url} is not the address of its API",
            429: f"it asks to wait {wait} seconds" if wait.isdigit() else "wait a while, then ask again",
        }
        later = "ask again later" if status is None or status >= 500 else "its message says what it does not accept"
        return steps.get(status or 0, later)

    def _safe(self, text: str) -> str:
        if self.key:
            text = text.replace(self.key, "[key]")
        text = " ".join(_KEY_LIKE.sub("[key]", text).split())
        return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "…"


def _what_happened(status: int | None) -> str:
    match status:
        case 401:
            return "did not accept the key"
        case 404:
            return "did not find what was asked for"
        case 429:
            return "has had too many requests"
        case 529:
            return "is overloaded"
        case _:
            return "failed" if status is None or status >= 500 else "refused the request"


def _message_in(body: Json) -> str:
    """Providers wrap their message in one or two layers, or in none."""
    match body:
        case {"error": inner}:
            return _message_in(inner)
        case {"message": str(text)} | {"detail": str(text)}:
            return text
        case str(text):
            return "" if text.lstrip().startswith("<") else text  # a proxy's HTML page tells nothing
        case _:
            return ""


def _overflow(body: Json) -> ContextOverflow | None:
    """llama-server counts, so that the usual error can be raised."""
    match body:
        case {"error": inner}:
            return _overflow(inner)
        case {"type": "exceed_context_size_error", "n_prompt_tokens": int(prompt), "n_ctx": int(context)}:
            return ContextOverflow(prompt, 0, context)
        case _:
            return None
