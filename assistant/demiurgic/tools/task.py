"""The tool with which a model hands out a part of its work. The agent carries it out itself, with a helper of the same
make; a helper that calls it gets here, and is refused.
"""

from demiurgic.errors import ToolFailed
from demiurgic.messages import JsonObject, Tool
from demiurgic.tools.protocol import Plan, Surroundings
from demiurgic.tools.schema import TEXT, arguments

SPEC = Tool(
    "task",
    "Hand a self-contained part of the work, such as a search through many files, to a helper that knows nothing of"
    " this conversation. You get its answer only.",
    arguments({"prompt": TEXT}),
)


class TaskTool:
    """What can be handed out once, and not again."""

    spec = SPEC

    def plan(self, arguments: JsonObject, around: Surroundings) -> Plan:
        raise ToolFailed("you are a helper and cannot hand out work", "do it yourself")
