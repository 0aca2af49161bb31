"""What is about to be done, as plain text for an editor's message."""

import difflib

from demiurgic.tools.protocol import CommandView, DiffView, TextView, TodoView, View

_LONGEST = 4000


def plain(view: View) -> str:
    """The exact command, or the change; cut only where it is very long, and then so that it shows."""
    match view:
        case CommandView(command, folder):
            text = f"$ {command}" + (f"    (in {folder})" if folder != "." else "")
        case DiffView(path):
            text = "\n".join((path, *diff_lines(view, 1)[2:]))
        case TextView(title, body):
            text = f"{title}\n{body}".strip()
        case TodoView(items):
            text = "\n".join(f"{state}: {item}" for item, state in items)
    return cut(text)


def cut(text: str) -> str:
    """A text that is not too long for a message, or as much of it as is not, and how much more there is."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n… and {len(text) - _LONGEST} letters more"


def diff_lines(view: DiffView, around: int = 3) -> list[str]:
    """The change as a unified diff, with so many lines around it."""
    before, after = ((text or "").splitlines() for text in (view.before, view.after))
    return list(difflib.unified_diff(before, after, view.path, view.path, n=around, lineterm=""))
