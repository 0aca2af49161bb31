"""Asking whether a call may be carried out: all that it would do, what may be answered, and what an answer means.

An answer is a line with Enter behind it, never a single key: somebody who is typing when the question comes up must
not have said yes.
"""

from rich.console import RenderableType
from rich.text import Text

from demiurgic.agent.events import Answer, ApprovalAsked
from demiurgic.repl.calls import headline, whole
from demiurgic.repl.ink import Hanging
from demiurgic.tools.protocol import CommandView, DiffView, EffectKind
from demiurgic.workspace.shown import visible, visible_name

_WORDS = {
    "y": "once",
    "yes": "once",
    "once": "once",
    "s": "session",
    "session": "session",
    "a": "always",
    "always": "always",
    "n": "deny",
    "no": "deny",
    "deny": "deny",
}
_VERBS = {
    EffectKind.READ: "read",
    EffectKind.WRITE: "write",
    EffectKind.DELETE: "delete",
    EffectKind.RUN: "run",
    EffectKind.FETCH: "fetch",
    EffectKind.EXTERNAL: "use, outside the sandbox,",
}


def question(asked: ApprovalAsked) -> list[RenderableType]:
    """What would be done, whole, and why it is asked."""
    view = asked.view
    title = (
        Text(visible_name(asked.call.name), "bold")
        if isinstance(view, CommandView)
        else headline(asked.call.name, view)
    )
    head = Hanging(Text("? ", "bold yellow"), title)
    effects = [Hanging(Text("  "), Text(told, "dim")) for told in effects_beside(asked)]
    reason = [Hanging(Text("  "), Text(visible(asked.reason), "yellow"))] if asked.reason else []
    return [head, *whole(asked.view), *effects, *reason]


def effects_beside(asked: ApprovalAsked) -> list[str]:
    """What a call would touch besides what its view says already."""
    view = asked.view
    told = (
        {view.path} if isinstance(view, DiffView) else {view.command} if isinstance(view, CommandView) else set[str]()
    )
    return [
        f"would {_VERBS[effect.kind]} {visible_name(effect.target)}"
        for effect in asked.effects
        if effect.target not in told
    ]


def choices(asked: ApprovalAsked) -> list[RenderableType]:
    """What may be answered."""
    offered = [("y", "once"), ("s", "for this session")]
    if asked.rule:
        offered.append(("a", f"always: {visible_name(asked.rule)}"))
    offered.append(("n", "no; words after it tell the model what to do instead"))
    return [Hanging(Text.assemble(("  ", ""), (key, "bold yellow"), "  "), Text(what)) for key, what in offered]


def understood(line: str, asked: ApprovalAsked) -> Answer | None:
    """What a line says; None where it says nothing that was asked."""
    word, _, rest = line.strip().partition(" ")
    kind = _WORDS.get(word.lower().rstrip(",:"))
    feedback = rest.strip()
    if kind == "deny":
        return Answer("deny", feedback)
    if feedback:
        return None  # "yes but ..." is no yes
    if kind == "once":
        return Answer("once")
    if kind == "session":
        return Answer("session")
    return Answer("always") if kind == "always" and asked.rule else None
