"""A tool call in few lines: what it is while it runs, and what came of it, folded."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from demiurgic.agent.events import ToolFinished, ToolStarted
from demiurgic.repl.code import CodeLines
from demiurgic.repl.diffs import diff_blocks, diff_of
from demiurgic.repl.ink import Hanging
from demiurgic.sandbox.printed import settled
from demiurgic.tools.protocol import CommandView, DiffView, TextView, TodoView, View
from demiurgic.workspace.shown import visible, visible_name

_TAIL = 5
"""Lines of output that are shown while a program runs, and after it."""
_DIFF = 40
_CODE = 12
_BOXES = {"done": ("✓", "green"), "active": ("▸", "bold"), "pending": ("·", "dim")}


def headline(name: str, view: View) -> Text:
    """What a call is, in one line."""
    match view:
        case DiffView(path):
            return _titled(name, path)
        case CommandView(command, folder):
            where = "" if folder == "." else f" in {folder}"
            first, *more = command.strip().split("\n")
            return _titled(name, f"{first}{' …' if more else ''}{where}")
        case TextView(title):
            verb, _, rest = title.partition(" ")
            return _titled(verb, rest)
        case TodoView(items):
            return _titled("plan", f"{sum(state == 'done' for _, state in items)} of {len(items)} done")


def running(output: str) -> list[RenderableType]:
    """The end of what a program has written by now."""
    return [*tail(settled(output))] if output.strip() else []


def finished(started: ToolStarted, ended: ToolFinished, *, seen: bool) -> list[RenderableType]:
    """What came of it. `seen`: the user has just read the whole diff or code, in a question."""
    view = ended.view or started.view
    sign = Text("✗ ", "red") if ended.failed else Text("✓ ", "green")
    end = Text.assemble("  ", diff_of(view).stat) if isinstance(view, DiffView) else Text()
    end.append(f"  {ended.seconds:.1f} s" if ended.seconds >= 1 else "", "dim")
    if ended.failed and isinstance(view, TextView):
        # A change that does not fit its file is shown as the reading that it came to; what failed is the change.
        head = _titled(ended.name, view.title.partition(" ")[2])
    else:
        head = headline(ended.name, view)
    return [Hanging(sign, head, cropped=True, end=end), *_body(view, ended, seen=seen)]


def failed_before(ended: ToolFinished) -> list[RenderableType]:
    """A call that was not carried out at all."""
    head = Text.assemble((visible_name(ended.name), "bold"), (f"  {visible(_first_line(ended.text))}", "dim"))
    return [Hanging(Text("✗ ", "red"), head)]


def whole(view: View) -> list[RenderableType]:
    """All of what a call would do: what a question shows."""
    match view:
        case DiffView():
            return [*diff_blocks(diff_of(view))]
        case CommandView(command, folder):
            code = CodeLines("bash")
            where = [] if folder == "." else [_dim(f"in {visible_name(folder)}")]
            return [*(_indented(code.line(each)) for each in visible(command).split("\n")), *where]
        case TextView(_, text, language):
            code = CodeLines(language)
            return [_indented(code.line(each)) for each in visible(text).split("\n")] if text else []
        case TodoView(items):
            return [_item(text, state) for text, state in items]


def tail(output: str) -> Sequence[Hanging]:
    """The last lines of an output, and how many there were before them."""
    lines = visible(output).rstrip("\n").split("\n")
    hidden = len(lines) - _TAIL
    above = [_dim(f"… {hidden} lines above; /output shows all")] if hidden > 1 else []
    return [*above, *(_dim(each, cropped=True) for each in lines[-_TAIL if hidden > 1 else 0 :])]


def _body(view: View, ended: ToolFinished, *, seen: bool) -> list[RenderableType]:
    if ended.failed:
        return [*tail(ended.text)]
    match view:
        case DiffView():
            return [] if seen else [*diff_blocks(diff_of(view), _DIFF)]
        case CommandView():
            return [*tail(ended.text)]
        case TextView(_, text) if text:
            code = [] if seen else whole(view)
            folded = [_dim(f"… {len(code) - _CODE} more lines")] if len(code) > _CODE + 1 else []
            return [*(code[:_CODE] if folded else code), *folded, *tail(ended.text)]
        case TextView():
            return []
        case TodoView():
            return whole(view)


def _titled(verb: str, rest: str) -> Text:
    return Text.assemble((visible_name(verb), "bold"), f" {visible_name(rest)}" if rest else "")


def _item(text: str, state: str) -> Hanging:
    sign, style = _BOXES.get(state, _BOXES["pending"])
    return Hanging(Text(f"  {sign} ", style), Text(visible_name(text), "strike dim" if state == "done" else style))


def _indented(text: Text) -> Hanging:
    return Hanging(Text("    "), text)


def _dim(text: str, *, cropped: bool = False) -> Hanging:
    return Hanging(Text("  │ ", "dim"), Text(text, "dim"), cropped)


def _first_line(text: str) -> str:
    return text.strip().removeprefix("Error: ").partition("\n")[0]
