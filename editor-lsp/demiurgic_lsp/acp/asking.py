"""Questions to the user: what may be answered, and what an answer means."""

from collections.abc import Callable

from acp import RequestError
from acp.schema import AllowedOutcome, PermissionOption, ToolCallUpdate
from pydantic import ValidationError

from demiurgic.agent.events import Answer, ApprovalAsked
from demiurgic.workspace.shown import visible_name
from demiurgic_lsp.acp.editor import Editor, GivenUp

_STOPPED = Answer("deny", "the user stopped the turn")
_UNABLE = Answer("deny", "the editor could not ask the user; do without it, or say what you would have done")
_ONCE, _SESSION, _ALWAYS, _DENY = Answer("once"), Answer("session"), Answer("always"), Answer("deny")


class Asking:
    """Satisfies `Approver`."""

    def __init__(
        self, editor: Editor, shown: Callable[[ApprovalAsked], ToolCallUpdate], stop: Callable[[], None]
    ) -> None:
        """`shown` is the call as the editor knows it. `stop` ends the turn, where the user wants no question at all."""
        self._editor, self._shown, self._stop = editor, shown, stop

    def ask(self, question: ApprovalAsked) -> Answer:
        """Wait for the user, however long they take."""
        try:
            chosen = self._editor.ask(self._shown(question), options_for(question)).outcome
        except GivenUp:
            return _STOPPED
        except (RequestError, ValidationError):
            return _UNABLE
        if not isinstance(chosen, AllowedOutcome):
            self._stop()
            return _STOPPED
        return meant(chosen.option_id, question)


def options_for(question: ApprovalAsked) -> list[PermissionOption]:
    """What may be answered."""
    offered = [
        PermissionOption(option_id=_ONCE.kind, name="Allow once", kind="allow_once"),
        PermissionOption(option_id=_SESSION.kind, name="Allow for this session", kind="allow_always"),
    ]
    if question.rule:
        name = f"Always allow {visible_name(question.rule)}"
        offered.append(PermissionOption(option_id=_ALWAYS.kind, name=name, kind="allow_always"))
    return [*offered, PermissionOption(option_id=_DENY.kind, name="Reject", kind="reject_once")]


def meant(option: str, question: ApprovalAsked) -> Answer:
    """What a chosen option says. What was not offered allows nothing."""
    allowed = (_ONCE, _SESSION, _ALWAYS) if question.rule else (_ONCE, _SESSION)
    return next((answer for answer in allowed if answer.kind == option), _DENY)
