"""All that an agent works with, put together by whoever makes one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from demiurgic.agent.events import Approver, Observer
from demiurgic.agent.hooks import Hooks
from demiurgic.agent.judging import Judge
from demiurgic.chat.protocol import ChatModel, ReplyOptions
from demiurgic.sandbox.protocol import Kernel, Sandbox
from demiurgic.tools.protocol import AgentTool
from demiurgic.workspace.protocol import Workspace


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one turn may take."""

    steps: int = 50
    tokens: int | None = None
    """Written by the model."""
    reply: int | None = None
    """Tokens of one reply; a longer one is cut off and goes on in smaller steps. None leaves it to the model."""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Equipment:
    """A model, what it may do, and who decides."""

    model: ChatModel
    system: str
    """The prompt that stands above everything. It never changes within a conversation."""
    tools: Mapping[str, AgentTool]
    workspace: Workspace
    sandbox: Sandbox
    kernel: Callable[[], Kernel]
    judge: Judge
    approver: Approver
    hooks: Hooks
    observers: Sequence[Observer] = ()
    limits: Limits = field(default_factory=Limits)
    guided: bool = False
    """Whether the model needs more help than a large one. Files that the user names in passing go with what they said,
    as those named with `@` always do; and it hears once of what it leaves failed, unchanged or only shown."""
    wishes: ReplyOptions = field(default_factory=ReplyOptions)
    """How the model shall write. Whether it may make several calls in one reply is part of it: small ones get lost."""
