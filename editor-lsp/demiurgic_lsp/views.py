"""What a tool of the agent is about to do, as plain text for an editor's message."""

import difflib

from demiurgic.tools.protocol import CommandView, DiffView, TextView, TodoView, View

_LONGEST = 4000


def plain(view: View) -> str:
    """The exact command, or the change; cut only where it is very long, and then so that it shows."""
    match view:
        case CommandView(command, folder):
            text = f"$ {command}" + (f"    (in {folder})" if folder != "." else "")
        case DiffView(path, before, after):
            old, new = (before or "").splitlines(), (after or "").splitlines()
            text = "\n".join((path, *list(difflib.unified_diff(old, new, n=1, lineterm=""))[2:]))
        case TextView(title, body):
            text = f"{title}\n{body}".strip()
        case TodoView(items):
            text = "\n".join(f"{state}: {item}" for item, state in items)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n… and {len(text) - _LONGEST} letters more"
