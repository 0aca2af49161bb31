"""The tool with which a model keeps its plan where the user sees it."""

from dataclasses import dataclass

from demiurgic.errors import ToolFailed
from demiurgic.messages import JsonObject, Tool
from demiurgic.tools.protocol import Effect, Outcome, Surroundings, TodoView
from demiurgic.tools.schema import TEXT, arguments

_STATES = ("pending", "active", "done")
_MOST = 50
SPEC = Tool(
    "todo",
    "Show the user your plan for a long task: always the whole list.",
    arguments(
        {
            "items": {
                "type": "array",
                "items": arguments({"text": TEXT, "state": {"type": "string", "enum": list(_STATES)}}),
            }
        }
    ),
)


@dataclass(frozen=True, slots=True)
class TodoPlan:
    """The list as it will be shown."""

    view: TodoView
    effects: tuple[Effect, ...] = ()

    def run(self, around: Surroundings) -> Outcome:
        states = [state for _, state in self.view.items]
        active = next((text for text, state in self.view.items if state == "active"), None)
        now = f" Now: {active}" if active else ""
        return Outcome(f"{states.count('done')} of {len(states)} done.{now}", view=self.view)


class TodoTool:
    """Shows the plan."""

    spec = SPEC

    def plan(self, arguments: JsonObject, around: Surroundings) -> TodoPlan:
        items = tuple((str(item["text"]), str(item["state"])) for item in arguments["items"])
        if len(items) > _MOST:
            raise ToolFailed(f"a plan of {len(items)} items helps nobody", f"at most {_MOST}")
        return TodoPlan(TodoView(items))
