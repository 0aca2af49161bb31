"""A remote provider as one function: a request in our terms goes in, a stream of `WireEvent` comes out.

What makes a reply of that stream (checked calls, one repair, the end) stands in `remote_turn`.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from demiurgic.chat.call_check import check_schema
from demiurgic.chat.protocol import Bending, Named, ReplyOptions
from demiurgic.errors import UnsupportedRequest
from demiurgic.events import CallDelta, CallStarted, Finish, ReasoningDelta, TextDelta
from demiurgic.messages import Message, Tool, Usage


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, in our own terms."""

    conversation: tuple[Message, ...]
    tools: tuple[Tool, ...]
    options: ReplyOptions


@dataclass(frozen=True, slots=True)
class Used:
    """Tokens taken so far by this request. A later one replaces an earlier one."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Stopped:
    """The provider said why it ended: STOP or LENGTH. A stream without one broke off."""

    finish: Finish


WireEvent: TypeAlias = ReasoningDelta | TextDelta | CallStarted | CallDelta | Used | Stopped
Stream: TypeAlias = Callable[[Ask], AsyncGenerator[WireEvent, None]]


def asked(conversation: Sequence[Message], tools: Sequence[Tool], options: ReplyOptions) -> Ask:
    """The request, after the checks that hold for every provider."""
    for tool in tools:
        check_schema(tool.parameters, f"the tool {tool.name!r}")
    if options.bending != Bending() or options.logprobs is not None or options.top_k is not None:
        raise UnsupportedRequest(
            "a remote model's odds can neither be changed nor told", "leave penalties, logprobs and top_k out"
        )
    if options.answer_schema is not None:
        check_schema(options.answer_schema, "the answer")
    names = [tool.name for tool in tools]
    choice = options.tool_choice
    if isinstance(choice, Named) and choice.name not in names:
        raise UnsupportedRequest(f"tool_choice names {choice.name!r}, which is not among the tools")
    if choice == "required" and not names:
        raise UnsupportedRequest("tool_choice requires a call, but there are no tools")
    if options.max_tokens is not None and options.max_tokens < 1:
        raise UnsupportedRequest(f"max_tokens must be at least 1, not {options.max_tokens}")
    return Ask(tuple(conversation), tuple(tools), options)
