"""Files that are there, as the only ones that a call may name where it must name one that exists.

This binds the grammar of a local model and is not shown to it: the prompt stays as it is while files come and go. In a
large project nothing is bound. Folders that git ignores are not looked into; any path in them may be named, and so may
one outside of the workspace, which is then asked about.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Protocol, runtime_checkable

from demiurgic.errors import DemiurgicError
from demiurgic.messages import Json, JsonObject, Tool
from demiurgic.tools.protocol import AgentTool
from demiurgic.workspace.protocol import Workspace

_MOST = 300
"""Files up to which a grammar that lists them is made in a few milliseconds."""


@runtime_checkable
class NamesFiles(Protocol):
    """A tool some of whose arguments must name a file that exists."""

    @property
    def existing(self) -> tuple[str, ...]: ...


def narrowed(tools: Iterable[AgentTool], workspace: Workspace) -> tuple[Tool, ...]:
    """The tools that name files, as they may be called now."""
    naming = [(tool.spec, tool.existing) for tool in tools if isinstance(tool, NamesFiles)]
    allowed = _allowed(workspace) if naming else None
    return tuple(_with(spec, names, allowed) for spec, names in naming) if allowed else ()


def _allowed(workspace: Workspace) -> JsonObject | None:
    try:
        found = [entry.path for entry in islice(workspace.walk(), _MOST + 1)]
        tops = [entry.path for entry in workspace.entries("")]
    except DemiurgicError:
        return None  # whoever opens a file will be told why
    if not found or len(found) > _MOST:
        return None
    known = {path.partition("/")[0] for path in found}
    unseen = "".join(f"|{_escaped(top)}(?:/.*)?" for top in tops if top not in known and top.isprintable())
    paths = [path for path in found if path.isprintable()]
    return {"anyOf": [{"enum": paths}, {"type": "string", "pattern": f"^(?:[/~].*|\\.\\./.*{unseen})$"}]}


def _with(spec: Tool, names: tuple[str, ...], allowed: JsonObject) -> Tool:
    properties: Mapping[str, Json] = spec.parameters["properties"]
    bound = {name: allowed if name in names else schema for name, schema in properties.items()}
    return replace(spec, parameters={**spec.parameters, "properties": bound})


def _escaped(text: str) -> str:
    """A name within a regular expression, of any kind."""
    return re.sub(r"[^\w/ -]", lambda letter: f"\\{letter[0]}", text)
