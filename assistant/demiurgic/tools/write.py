"""The tool that writes a whole file.

Small models write a file with the one function that they mean to change, and so lose the others. Theirs is careful: it
does not leave out definitions that the file has.
"""

from demiurgic.errors import ToolFailed
from demiurgic.messages import JsonObject, Tool
from demiurgic.tools.changing import ChangePlan, FileNow, Unfit, file_now, is_stale
from demiurgic.tools.definitions import definitions
from demiurgic.tools.protocol import Surroundings
from demiurgic.tools.schema import TEXT, arguments
from demiurgic.tools.textfile import TextFile, lines_of

SPEC = Tool("write", "Create a file, or replace all of it.", arguments({"path": TEXT, "content": TEXT}))


class WriteTool:
    """Writes a file."""

    spec = SPEC

    def __init__(self, *, careful: bool = False) -> None:
        self._careful = careful

    def plan(self, arguments: JsonObject, around: Surroundings) -> ChangePlan | Unfit:
        now = file_now(around, arguments["path"])
        if is_stale(now, around):
            raise ToolFailed(f"{now.shown} has changed since you saw it", "read it again before you replace it")
        after = _like(now, arguments["content"])
        if self._careful and (lost := _lost(now, after)):
            return Unfit(now.path, _would_lose(now, lost))
        if now.file is not None and after.text == now.file.text:
            return Unfit(now.path, ToolFailed(f"{now.shown} says exactly that already"))
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


def _lost(now: FileNow, after: TextFile) -> list[str]:
    """Definitions that would go without others in their stead: as many as came new were renamed."""
    if now.file is None:
        return []
    before, then = _outermost(now.path, now.file), _outermost(now.path, after)
    gone = [name for name in before if name not in then]
    return gone if len(then) < len(before) else []


def _outermost(path: str, file: TextFile) -> list[str]:
    return [one.name for one in definitions(path, file.text.replace("\r\n", "\n")) if "." not in one.name]


def _would_lose(now: FileNow, lost: list[str]) -> ToolFailed:
    return ToolFailed(
        f"not written: {now.shown} has {', '.join(lost)}, which your content leaves out",
        "change one function with rewrite, or write the whole file; if that shall really go, remove the file first",
    )
