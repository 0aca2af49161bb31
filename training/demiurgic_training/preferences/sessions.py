"""What the user preferred in conversations with the agent: edits that were refused and then done otherwise, and turns
that were taken back and asked for again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from demiurgic.agent.events import ApprovalGiven
from demiurgic.agent.sessions.history import History, Turn, history
from demiurgic.agent.sessions.log import read_log
from demiurgic.agent.sessions.records import Happened
from demiurgic.errors import SessionError
from demiurgic.messages import Assistant, Message, ToolCall
from demiurgic_training.preferences.columns import Line, Preference, Spoken
from demiurgic_training.preferences.scrubbing import Scrubber

_EDITS = frozenset({"edit", "write", "rewrite"})
_REFUSED = "the user refused the one edit and allowed the other"
_UNDONE = "the user took the one turn back and kept the other"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A session that could not be read."""

    file: Path
    reason: str


def session_pairs(state_dir: Path, scrubber: Scrubber) -> Iterator[Line | Unreadable]:
    """The pairs of all sessions on this machine."""
    for file in sorted(state_dir.glob("projects/*/sessions/*.jsonl")):
        try:
            told = history(read_log(file).records, file.stem)
        except SessionError as error:
            yield Unreadable(file, error.message)
        else:
            yield from (_line(told, spoken, why, scrubber) for spoken, why in _pairs(told))


def _pairs(told: History) -> Iterator[tuple[Spoken, str]]:
    for number in told.turns:
        yield from ((spoken, _REFUSED) for spoken in _refused(told, number))
    kept = {turn.began.turn for turn in told.path()}
    for one in told.path():
        for other in told.turns.values():
            same = other.began.parent == one.began.parent and other.began.text.strip() == one.began.text.strip()
            if same and other.began.turn not in kept:
                spoken = _parting(told, one.began.turn, other.began.turn)
                yield from ((spoken, _UNDONE),) if spoken else ()


def _refused(told: History, number: int) -> Iterator[Spoken]:
    """Edits of a turn that were refused, each with the next one of the same file that was not."""
    turn = told.turns[number]
    answers = _answers(turn)
    denied = {event.call_id for event in answers if event.answer.kind == "deny"}
    allowed = {event.call_id for event in answers} - denied
    said = told.conversation(number, whole=True)
    for place, message in enumerate(said):
        call = _edit(message)
        if call is None or call.id not in denied:
            continue
        better = next((other for other in said[place + 1 :] if _does(other, call, allowed)), None)
        if isinstance(message, Assistant) and isinstance(better, Assistant):
            yield Spoken(said[:place], better, message)


def _does(message: Message, refused: ToolCall, allowed: set[str]) -> bool:
    """Whether this is an edit of the same file, and was allowed."""
    call = _edit(message)
    return call is not None and call.id in allowed and call.arguments.get("path") == refused.arguments.get("path")


def _edit(message: Message) -> ToolCall | None:
    """The only call of a message, where it is an edit."""
    if not isinstance(message, Assistant) or len(message.calls) != 1 or message.calls[0].name not in _EDITS:
        return None
    return message.calls[0]


def _answers(turn: Turn) -> list[ApprovalGiven]:
    return [each.event for each in turn.records if isinstance(each, Happened) and isinstance(each.event, ApprovalGiven)]


def _parting(told: History, kept: int, left: int) -> Spoken | None:
    """Where two turns that begin alike part, if what differs is what the model said."""
    ours, theirs = told.conversation(kept, whole=True), told.conversation(left, whole=True)
    for place, (one, other) in enumerate(zip(ours, theirs, strict=False)):
        if not _same(one, other):
            if isinstance(one, Assistant) and isinstance(other, Assistant):
                return Spoken(ours[:place], one, other)
            return None
    return None


def _same(one: Message, other: Message) -> bool:
    """Whether two messages say and do the same; the ids of calls differ by chance."""
    if isinstance(one, Assistant) and isinstance(other, Assistant):
        done, did = ([(call.name, call.arguments) for call in each.calls] for each in (one, other))
        return one.text == other.text and done == did
    return type(one) is type(other) and one.text == other.text


def _line(told: History, spoken: Spoken, why: str, scrubber: Scrubber) -> Line:
    clean = Spoken(
        scrubber.messages(spoken.prompt), scrubber.assistant(spoken.chosen), scrubber.assistant(spoken.rejected)
    )
    pair = Preference(
        topic=scrubber.text(told.name()),
        prompt=_last(clean.prompt),
        chosen=_shown(clean.chosen),
        rejected=_shown(clean.rejected),
        chosen_model=told.began.model,
        rejected_model=told.began.model,
        judgment_reasoning=why,
    )
    return pair, clean


def _last(prompt: Sequence[Message]) -> str:
    return next((message.text for message in reversed(prompt) if message.role == "user"), "")


def _shown(message: Assistant) -> str:
    calls = [f"{call.name}({dict(call.arguments)})" for call in message.calls]
    return "\n".join(filter(None, [message.text, *calls]))
