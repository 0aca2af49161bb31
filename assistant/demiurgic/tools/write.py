"""The tool that writes a whole file."""

from demiurgic.errors import ToolFailed
from demiurgic.messages import JsonObject, Tool
from demiurgic.tools.changing import ChangePlan, FileNow, file_now, is_stale
from demiurgic.tools.protocol import Surroundings
from demiurgic.tools.schema import TEXT, arguments
from demiurgic.tools.textfile import TextFile, lines_of

SPEC = Tool("write", "Create a file, or replace all of it.", arguments({"path": TEXT, "content": TEXT}))


class WriteTool:
    """Writes a file."""

    spec = SPEC

    def plan(self, arguments: JsonObject, around: Surroundings) -> ChangePlan:
        now = file_now(around, arguments["path"])
        if is_stale(now, around):
            raise ToolFailed(f"{now.shown} has changed since you saw it", "read it again before you replace it")
        after = _like(now, arguments["content"])
        after.data()  # what the encoding cannot hold is told before anybody is asked
        verb = "Wrote" if now.data is None else "Replaced"
        return ChangePlan(now, after, f"{verb} {now.shown}: {len(lines_of(after.text)) if after.text else 0} lines.")


def _like(now: FileNow, content: str) -> TextFile:
    """The content, its lines ended as the file's were. Its last line is ended too, unless the file's was not."""
    before = now.file or TextFile()
    if content and not content.endswith("\n") and (not before.text or before.text.endswith("\n")):
        content += "\n"
    if before.newline == "\r\n":
        content = content.replace("\r\n", "\n").replace("\n", "\r\n")
    return before.saying(content)
