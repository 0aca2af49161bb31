"""A place to work: a model, tools, a sandbox, rules, sessions and states of the files, joined for one folder."""

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from demiurgic.agent.desk import Desk, Premises
from demiurgic.agent.equipment import Equipment, Limits
from demiurgic.agent.events import Approver, Observer
from demiurgic.agent.hooks import Hook, Hooks
from demiurgic.agent.permissions.names import SECRETS
from demiurgic.agent.permissions.permissions import Permissions
from demiurgic.agent.prompt import profile
from demiurgic.agent.sessions.shelf import Shelf
from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel, ReplyOptions
from demiurgic.compose.chat import open_chat
from demiurgic.config import Settings
from demiurgic.errors import NoSuchSession
from demiurgic.modes import Mode
from demiurgic.sandbox.choose import open_sandbox
from demiurgic.sandbox.protocol import Kernel, Policy, Sandbox
from demiurgic.sandbox.toolchain import own_interpreter, project_folders
from demiurgic.tools.protocol import AgentTool
from demiurgic.tools.sets import tool_set
from demiurgic.workspace.beneath import LocalWorkspace
from demiurgic.workspace.protocol import Workspace
from demiurgic.workspace.snapshots.store import Places, Snapshots

LATEST = "latest"
_PROJECT = "DEMIURGIC_PROJECT"
"""Tells MCP servers and hooks where the user works; they are started elsewhere."""

_KEPT_SECONDS = 30 * 24 * 3600
"""How long states of the files can be had back."""


OpenModel = Callable[[Settings, str], ChatModel]
"""Opens a model by its name; an empty one means the model of the settings. The desk closes what it has opened."""


def _as_they_lie(workspace: Workspace) -> Workspace:
    return workspace


@dataclass(frozen=True, slots=True)
class DeskOptions:
    """What one run of the program wishes."""

    session: str = ""
    """The id of one to go on with, or LATEST; empty begins anew."""
    limits: Limits = field(default_factory=Limits)
    wishes: ReplyOptions = field(default_factory=ReplyOptions)
    observers: Sequence[Observer] = ()
    files: Callable[[Workspace], Workspace] = _as_they_lie
    """How whoever looks at the folder sees its files, such as an editor that holds some unsaved."""


def open_desk(
    settings: Settings,
    folder: Path,
    approver: Approver,
    options: DeskOptions = DeskOptions(),
    open_model: OpenModel = open_chat,
) -> Desk:
    """Open everything that the agent needs to work in a folder. Raises where a part of it cannot be had."""
    shelf = Shelf(settings.state_dir, folder)
    session = options.session if options.session != LATEST else shelf.latest()
    if session is None:
        raise NoSuchSession("there is no conversation in this folder to go on with", "begin one: demiurgic")
    with ExitStack() as opened:
        policy = Policy(folder, hidden=SECRETS, readable=(*project_folders(folder), *own_interpreter()))
        sandbox = open_sandbox(settings.sandbox, policy, settings.allow_process, settings.docker)
        opened.callback(sandbox.close)
        warnings: list[str] = []
        wanted = _wanted_tools(settings, folder, opened, warnings)
        workspace, kernel, hooks = options.files(LocalWorkspace(folder)), _kernel_of(sandbox), _hooks(settings, folder)
        judge = Permissions(settings.state_dir, folder, Mode(settings.approve), sandbox.strength)

        def equip(name: str) -> Equipment:
            model = open_model(settings, name)
            parameters = model.engine.facts.parameters if isinstance(model, LocalChat) else None
            can_call = model.template.calls_tools if isinstance(model, LocalChat) else True
            fitting = profile(parameters)
            return Equipment(
                model=model,
                system=fitting.system,
                tools={tool.spec.name: tool for tool in (*tool_set(parameters), *wanted) if can_call},
                workspace=workspace,
                sandbox=sandbox,
                kernel=kernel,
                judge=judge,
                approver=approver,
                hooks=hooks,
                observers=options.observers,
                limits=replace(options.limits, reply=fitting.longest_reply),
                guided=fitting.guided,
                wishes=replace(options.wishes, parallel_calls=fitting.parallel_calls, temperature=settings.temperature),
            )

        snapshots = Snapshots(Places(folder, settings.state_dir, dict(settings.environment).get("PATH", os.defpath)))
        snapshots.expire(_KEPT_SECONDS)
        premises = Premises(shelf, snapshots, equip, warnings=tuple(warnings))
        equipment = equip("")
        try:
            desk = Desk(equipment, premises, session)
        except BaseException:
            equipment.model.close()
            raise
        premises.belongings.enter_context(opened.pop_all())
        return desk


def _wanted_tools(settings: Settings, folder: Path, opened: ExitStack, warnings: list[str]) -> list[AgentTool]:
    """Tools that exist only where the user's settings ask for them. What is wrong with them goes to the warnings."""
    wanted: list[AgentTool] = []
    if settings.fetch and not settings.offline:
        from demiurgic.tools.fetch import FetchTool

        wanted.append(FetchTool())
    if settings.mcp:
        from demiurgic.tools.mcp_servers import McpServer, McpServers

        inherited = _inherited(settings, folder)
        known = [
            McpServer(server.name, server.command, server.arguments, {**inherited, **dict(server.environment)})
            for server in settings.mcp
        ]
        # Not in the project: a program of the same name that lies there would be run in the place of the user's.
        servers = McpServers(known, settings.state_dir, settings.state_dir / "mcp.log")
        opened.callback(servers.close)
        wanted += servers.tools
        warnings += servers.problems
    return wanted


def _hooks(settings: Settings, folder: Path) -> Hooks:
    hooks = [Hook(hook.when, hook.command, hook.tools) for hook in settings.hooks]
    return Hooks(hooks, settings.state_dir, _inherited(settings, folder))


def _inherited(settings: Settings, folder: Path) -> dict[str, str]:
    """The environment of programs of the user's own."""
    return {**dict(settings.environment), _PROJECT: str(folder)}


def _kernel_of(sandbox: Sandbox) -> Callable[[], Kernel]:
    """The session's one kernel, started when it is first asked for."""
    kernels: list[Kernel] = []
    lock = threading.Lock()

    def kernel() -> Kernel:
        with lock:
            if not kernels:
                kernels.append(sandbox.kernel())
            return kernels[0]

    return kernel
