"""Which tools a model is given. The smaller it is, the fewer, and the less alike their names and uses.

Every word of a tool is read again in each conversation, so what a small model gets costs it little.
"""

from demiurgic.tools.edit import EditTool
from demiurgic.tools.list_files import ListTool
from demiurgic.tools.protocol import AgentTool
from demiurgic.tools.python import PythonTool
from demiurgic.tools.read import ReadTool
from demiurgic.tools.rename import RenameTool
from demiurgic.tools.rewrite import RewriteTool
from demiurgic.tools.search import SearchTool
from demiurgic.tools.shell import ShellTool
from demiurgic.tools.task import TaskTool
from demiurgic.tools.todo import TodoTool
from demiurgic.tools.write import WriteTool

SMALL = 4_000_000_000
"""Parameters up to which a model is small."""
TINY = 2_000_000_000
"""Up to here it cannot quote what it wants to replace."""


def tool_set(parameters: int | None) -> tuple[AgentTool, ...]:
    """The tools for a model of this size; None is a remote one, which is taken for large."""
    if parameters is None or parameters > SMALL:
        more = (EditTool(), ListTool(), PythonTool(), TodoTool(), TaskTool())
        return (ReadTool(), WriteTool(), SearchTool(), ShellTool(), *more)
    few = (ReadTool(), WriteTool(careful=True), SearchTool(), ShellTool())
    return (*few, RewriteTool(), RenameTool()) if parameters < TINY else (*few, EditTool(), RewriteTool())
