"""An editor without a window that speaks the Agent Client Protocol: the library's own client, a real `demiurgic acp`,
and a model on a socket whose replies are written down beforehand."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from acp import PROTOCOL_VERSION, RequestError, spawn_agent_process, text_block
from acp.client.connection import ClientSideConnection
from acp.schema import (
    AllowedOutcome,
    ClientCapabilities,
    DeniedOutcome,
    FileSystemCapabilities,
    InitializeResponse,
    ReadTextFileResponse,
    RequestPermissionRequest,
    RequestPermissionResponse,
    WriteTextFileResponse,
)
from support.fake_providers import Answer, FakeProvider, openai_answer, openai_call

LONGEST = 120
"""Seconds; a machine that does much else takes half a minute for what takes one."""
_LINE = 64 << 20


def says(*pieces: str) -> Answer:
    """A reply that is words."""
    return openai_answer(*({"content": piece} for piece in pieces))


def thinks(thought: str, *pieces: str) -> Answer:
    """A reply after a thought."""
    return openai_answer({"reasoning_content": thought}, *({"content": piece} for piece in pieces))


def does(name: str, arguments: str) -> Answer:
    """A reply that is a call; its arguments are JSON."""
    return openai_answer(*openai_call(name, arguments), finish="tool_calls")


@dataclass
class Editor:
    """What its user sees, and how they answer. Satisfies the library's `Client`."""

    answers: list[str] = field(default_factory=list)
    """Options that are chosen one after the other; empty ones dismiss the question. Then everything is allowed once."""
    buffers: dict[str, str] = field(default_factory=dict)
    """Files that are open and differ from the disk, by their absolute paths."""
    saves: bool = True
    """Whether what is written is saved, too."""
    updates: list[tuple[str, Any]] = field(default_factory=list)
    asked: list[RequestPermissionRequest] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    wrote: list[tuple[str, str]] = field(default_factory=list)
    on_update: Callable[[Any], None] = lambda update: None
    waits: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when somebody is asked who never answers."""

    def on_connect(self, conn: Any) -> None:
        """The agent is there."""

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        self.updates.append((session_id, update))
        self.on_update(update)

    async def request_permission(self, session_id: str, tool_call: Any, options: Any, **_: Any):
        question = RequestPermissionRequest(session_id=session_id, tool_call=tool_call, options=options)
        self.asked.append(question)
        chosen = self.answers.pop(0) if self.answers else "once"
        if chosen == "never":
            self.waits.set()
            await asyncio.Event().wait()
        if chosen == "error":
            raise RequestError.internal_error({"details": "no window"})
        if not chosen:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        return RequestPermissionResponse(outcome=AllowedOutcome(outcome="selected", option_id=chosen))

    async def read_text_file(self, session_id: str, path: str, **_: Any) -> ReadTextFileResponse:
        self.read.append(path)
        if path in self.buffers:
            return ReadTextFileResponse(content=self.buffers[path])
        try:
            return ReadTextFileResponse(content=Path(path).read_text("utf-8"))
        except OSError:
            raise RequestError.resource_not_found(path) from None

    async def write_text_file(self, session_id: str, path: str, content: str, **_: Any) -> WriteTextFileResponse:
        self.wrote.append((path, content))
        if self.saves:
            self.buffers.pop(path, None)
            Path(path).write_text(content, "utf-8")
        else:
            self.buffers[path] = content
        return WriteTextFileResponse()

    def kinds(self) -> list[str]:
        """What was shown, in order."""
        return [update.session_update for _, update in self.updates]

    def of(self, kind: str) -> list[Any]:
        """All updates of a kind."""
        return [update for _, update in self.updates if update.session_update == kind]

    def text(self, session: str | None = None, kind: str = "agent_message_chunk") -> str:
        """What the agent has said."""
        return "".join(
            update.content.text
            for where, update in self.updates
            if update.session_update == kind and session in (None, where)
        )

    def calls(self) -> list[dict[str, Any]]:
        """Each tool call as all of its updates left it."""
        calls: dict[str, dict[str, Any]] = {}
        for _, update in self.updates:
            if update.session_update in ("tool_call", "tool_call_update"):
                assert (update.session_update == "tool_call") == (update.tool_call_id not in calls)
                told = {name: value for name, value in update if value is not None}
                calls.setdefault(update.tool_call_id, {}).update(told)
        return list(calls.values())


def texts(call: dict[str, Any]) -> str:
    """The texts that a tool call shows."""
    return "\n".join(part.content.text for part in call.get("content", ()) if part.type == "content")


@dataclass
class Opened:
    """An agent that runs."""

    agent: ClientSideConnection
    process: asyncio.subprocess.Process
    editor: Editor
    told: InitializeResponse
    folder: Path
    provider: FakeProvider | None = None
    """Its model, where the test has one."""

    async def begin(self, folder: Path | None = None, **wishes: Any) -> str:
        """A conversation's id."""
        response = await asyncio.wait_for(self.agent.new_session(str(folder or self.folder), **wishes), LONGEST)
        return response.session_id

    async def say(self, session: str, *blocks: Any, patience: float = LONGEST) -> str:
        """Prompt, and wait for the turn's end. Returns why it ended."""
        prompt = [text_block(block) if isinstance(block, str) else block for block in blocks]
        return (await asyncio.wait_for(self.agent.prompt(session, prompt), patience)).stop_reason

    async def shown(self, holds: Callable[[], object]) -> None:
        """Wait until something is seen."""
        async with asyncio.timeout(LONGEST):
            while not holds():
                await asyncio.sleep(0.01)


def command(*flags: object) -> list[str]:
    """What starts the agent."""
    return [sys.executable, "-m", "demiurgic", "acp", *map(str, flags)]


def environment(home: Path) -> dict[str, str]:
    """Of a user who has nothing yet."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("XDG_")},
        "HOME": str(home),
        "DEMIURGIC_STATE_DIR": str(home / "state"),
        "DEMIURGIC_CONFIG": str(home / "none.toml"),
    }


@asynccontextmanager
async def connected(
    home: Path, editor: Editor, flags: Sequence[object], files: tuple[bool, bool] = (False, False)
) -> AsyncIterator[Opened]:
    """An agent that this editor has started. `files`: whether it reads and writes them for the agent."""
    reads, writes = files
    abilities = ClientCapabilities(fs=FileSystemCapabilities(read_text_file=reads, write_text_file=writes))
    folder = home / "project"
    folder.mkdir(exist_ok=True)
    wishes = {"limit": _LINE, "stderr": None}
    async with spawn_agent_process(
        editor, *command(*flags), env=environment(home), transport_kwargs=wishes, use_unstable_protocol=True
    ) as (agent, process):
        told = await asyncio.wait_for(agent.initialize(PROTOCOL_VERSION, client_capabilities=abilities), LONGEST)
        yield Opened(agent, process, editor, told, folder)
