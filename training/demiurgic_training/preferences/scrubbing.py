"""Takes secrets out of what the user said and did, before it becomes training data.

Keys that this program knows are found wherever they stand; others by what keys, tokens and passwords look like mostly.
Nothing of this is proof: who gives data away reads it first.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from demiurgic.config import Settings
from demiurgic.messages import Assistant, Json, Message, ToolCall

MASK = "[secret]"
_SHORTEST = 8
_PATTERNS = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        (r"\b(?:sk|pk|rk|key|xai|gsk|hf|ghp|gho|ghu|ghs|ghr|glpat|xox[abprs]|npm|pypi)[-_][\w-]{10,}", re.ASCII),
        (r"\bgithub_pat_\w{20,}", re.ASCII),
        (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", re.ASCII),
        (r"\bAIza[\w-]{30,}", re.ASCII),
        (r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*", re.ASCII),
        (r"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)", 0),
        (r"(?i)(?<=bearer )[\w.~+/-]{12,}=*", re.ASCII),
    )
)
_NAMED = re.compile(
    r"(?i)(?P<before>\b[\w.-]*(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)\w*"
    r"[\"']?\s*[:=]\s*[\"']?)(?P<value>[^\s\"',;)}]{6,})"
)
_WORD = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
_MIXED = 4.2
"""Bits a letter above which a long word is taken for a key. Names and words of code have less."""


class Scrubber:
    """Masks secrets, and the user's home folder."""

    def __init__(self, known: Iterable[str] = (), home: Path | None = None) -> None:
        self._known = sorted((each for each in known if len(each) >= _SHORTEST), key=len, reverse=True)
        self._home = str(home or Path.home())

    def text(self, text: str) -> str:
        """The text without them."""
        for secret in self._known:
            text = text.replace(secret, MASK)
        for pattern in _PATTERNS:
            text = pattern.sub(MASK, text)
        text = _NAMED.sub(lambda found: found["before"] + _masked(found["value"], found["before"]), text)
        text = _WORD.sub(lambda found: MASK if _looks_random(found[0]) else found[0], text)
        return text.replace(self._home, "~") if len(self._home) > 1 else text

    def message(self, message: Message) -> Message:
        """A message without them, its calls included."""
        if not isinstance(message, Assistant):
            return replace(message, text=self.text(message.text))
        calls = tuple(ToolCall(call.id, call.name, self._value(dict(call.arguments))) for call in message.calls)
        return Assistant(self.text(message.text), self.text(message.reasoning), calls)

    def assistant(self, message: Assistant) -> Assistant:
        """The same, of what the model said."""
        return cast("Assistant", self.message(message))

    def messages(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """All of them without."""
        return tuple(map(self.message, messages))

    def _value(self, value: Json) -> Any:  # noqa: ANN401 - JSON in, JSON out
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            held = cast("Mapping[str, Json]", value)
            return {name: self._value(each) for name, each in held.items()}
        if isinstance(value, list | tuple):
            return [self._value(each) for each in cast("Sequence[Json]", value)]
        return value


def scrubber(settings: Settings) -> Scrubber:
    """One that knows the keys of these settings."""
    keys = (settings.openai_key, settings.anthropic_key, settings.server_key, settings.hub_token)
    served = (settings.serve_keys or "").split()
    return Scrubber([*filter(None, keys), *served, *(key for _, key in settings.host_keys)])


def _masked(value: str, before: str) -> str:
    """What stands for the value of something that is named like a secret; a type, or code that fetches it, stays."""
    written = before.endswith(("'", '"')) or (any(map(str.isdigit, value)) and any(map(str.isalpha, value)))
    return value if not written or re.match(r"(?:os\.|self\.|\w+\(|\$\{?\w|<|\[secret)", value) else MASK


def _looks_random(word: str) -> bool:
    kinds = sum(bool(re.search(kind, word)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    if kinds < 3 or ("/" in word[1:-1] and word.count("/") > 2):
        return False
    counts = Counter(word)
    return -sum(count / len(word) * math.log2(count / len(word)) for count in counts.values()) > _MIXED
