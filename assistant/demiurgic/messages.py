"""Conversations as frozen values.

Pure data: no identity, no storage, no wire format but the one JSON form that files and training data use.
The same values feed the chat runtime, the sessions on disk and the training masks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Json: TypeAlias = Any
"""A value that `json.loads` could have made."""

JsonObject: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Tool:
    """Something the model may call: its name, what it is for, and a JSON Schema of its arguments."""

    name: str
    description: str
    parameters: JsonObject


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call that the model made. `arguments` satisfied the tool's schema when it was read."""

    id: str
    name: str
    arguments: JsonObject


@dataclass(frozen=True, slots=True)
class System:
    """Instructions that stand above the conversation."""

    text: str
    role: Literal["system"] = field(default="system", init=False)


@dataclass(frozen=True, slots=True)
class User:
    """What a person said; or, as a reminder, what this program told the model in their place."""

    text: str
    reminder: bool = False
    role: Literal["user"] = field(default="user", init=False)


@dataclass(frozen=True, slots=True)
class Assistant:
    """What the model said: reasoning apart from the answer, and the calls it made after it."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    role: Literal["assistant"] = field(default="assistant", init=False)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered to the call `call_id`."""

    call_id: str
    name: str
    text: str
    role: Literal["tool"] = field(default="tool", init=False)


Message: TypeAlias = System | User | Assistant | ToolResult


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a reply took. `cached` of the prompt's tokens did not have to be evaluated again."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    drafted: int = 0
    accepted: int = 0
