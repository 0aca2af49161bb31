"""Turns what happens into blocks of text. Knows no terminal: what is finished is handed out once and never again, what
is still in motion can be asked for at any time.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from rich.console import RenderableType
from rich.text import Text

from demiurgic.agent.events import (
    AgentEvent,
    ApprovalAsked,
    ApprovalGiven,
    Compacted,
    Delegated,
    Reminded,
    StepStarted,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnEnd,
    TurnEnded,
    TurnStarted,
)
from demiurgic.events import CallDelta, CallStarted, PromptProgress, ReasoningDelta, ReplyEnded, TextDelta
from demiurgic.repl.activity import Reading, activity, duration
from demiurgic.repl.calls import failed_before, finished, headline, running
from demiurgic.repl.diffs import diff_blocks, diff_of
from demiurgic.repl.ink import Hanging, line
from demiurgic.repl.items import ENDS, Echo, Notice, Printed, Rows, Shown
from demiurgic.repl.markdown import Markdown, Prose
from demiurgic.repl.questions import question
from demiurgic.repl.tables import rows
from demiurgic.tools.protocol import DiffView
from demiurgic.workspace.shown import visible, visible_name

_THOUGHTS = 3
_KEPT = 20_000
"""Characters of a running program's output that are kept for the eye."""
_TOLD = {"files": "attached", "notes": "read first", "program": "told the model"}
_NOTICES = {"info": "dim", "warning": "yellow", "error": "red"}


class Scribe:
    """Writes one conversation."""

    def __init__(
        self, prose: Callable[[], Prose] = Markdown, clock: Callable[[], float] = time.monotonic, *, echo: bool = True
    ) -> None:
        """`echo`: show what the user said; a plain terminal has done so."""
        self._make, self._clock, self._echo = prose, clock, echo
        self._last = ""
        self._rest()

    def take(self, item: Shown) -> list[RenderableType]:
        """Something happened. Returns what is now finished."""
        match item:
            case TextDelta(text):
                blocks = self._said(text)
            case ReasoningDelta(text):
                blocks = self._thought(text)
            case ReplyEnded():
                blocks = self._reply_ended(item)
            case ToolStarted() | ToolFinished() | ApprovalAsked():
                blocks = self._tool(item)
            case TurnStarted() | TurnEnded():
                blocks = self._turn(item)
            case ApprovalGiven() | Reminded() | Compacted():
                blocks = self._aside(item)
            case Notice() | Rows() | Printed() | Echo() | DiffView():
                blocks = self._ours(item)
            case PromptProgress() | CallStarted() | CallDelta() | StepStarted() | ToolOutput():
                blocks = self._moved(item)
            case Delegated(_, event):
                blocks = self._helper(event)
            case _:  # a call that is whole is shown when it begins
                blocks = []
        return blocks

    def live(self) -> list[RenderableType]:
        """What is not finished, and what goes on at the moment."""
        if self._started is None:
            return []
        now = self._clock()
        blocks: list[RenderableType] = []
        if self._thoughts:
            lines = visible(self._thoughts).strip().split("\n")[-_THOUGHTS:]
            blocks += [Hanging(Text("  "), Text(each, "dim italic")) for each in lines]
        if self._prose is not None and (live := self._prose.live()):
            blocks += [*self._gap("text"), *live]
        doing: str | Text = self._reading.words(now) if self._reading else self._doing
        if self._tool_started is not None:
            blocks += running(self._output)
            doing = headline(self._tool_started.call.name, self._tool_started.view)
        moving = activity(doing, now - self._since, "" if self._reading else "Ctrl-C stops")
        return [*blocks, *([Text()] if blocks else self._gap("activity")), moving]

    def _rest(self) -> None:
        """Nothing goes on."""
        self._started: float | None = None
        self._since = 0.0
        self._doing = ""
        self._thoughts, self._thinking = "", 0.0
        self._written = 0
        self._prose: Prose | None = None
        self._spoke = False
        self._reading: Reading | None = None
        self._tool_started: ToolStarted | None = None
        self._helping: ToolStarted | None = None
        self._output = ""
        self._asked = ""

    def _gap(self, kind: str) -> list[RenderableType]:
        """The empty line that stands between unlike things."""
        return [Text()] if self._last not in ("", kind) else []

    def _add(self, kind: str, blocks: list[RenderableType]) -> list[RenderableType]:
        if not blocks:
            return []
        gap = self._gap(kind)
        self._last = kind
        return [*gap, *blocks]

    def _do(self, doing: str) -> None:
        self._doing, self._since, self._reading = doing, self._clock(), None

    def _said(self, text: str) -> list[RenderableType]:
        thoughts = self._thought_over()
        if self._prose is None:
            self._prose = self._make()
            self._do("writing")
        self._spoke = self._spoke or bool(text.strip())
        return [*thoughts, *self._add("text", self._prose.feed(text if self._spoke else ""))]

    def _thought(self, text: str) -> list[RenderableType]:
        if not self._thoughts:
            self._do("thinking")
            self._thinking = self._clock()
        self._thoughts += text
        return []

    def _thought_over(self) -> list[RenderableType]:
        thoughts, self._thoughts = self._thoughts.strip(), ""
        took = self._clock() - self._thinking
        return self._add("note", [line(f"thought for {duration(took)}", "dim")]) if thoughts and took >= 1 else []

    def _prose_over(self) -> list[RenderableType]:
        rest = self._prose.close() if self._prose is not None else []
        self._prose = None
        return self._add("text", rest)

    def _moved(self, item: PromptProgress | CallStarted | CallDelta | StepStarted | ToolOutput) -> list[RenderableType]:
        match item:
            case StepStarted():
                self._do("waiting for the model")
                self._spoke = False
            case PromptProgress(done, total, _):
                if self._reading is None:
                    self._do("reading")
                    self._reading = Reading(self._clock(), done, done, total)
                self._reading.done, self._reading.total = done, total
            case CallStarted(_, _, name):
                self._do(f"writing a call of {visible_name(name)}")
                self._written = 0
            case CallDelta(_, text):
                self._written += len(text)
                self._doing = f"{self._doing.partition(',')[0]}, {self._written:,} characters"
            case ToolOutput(_, _, text):
                self._output = (self._output + text)[-_KEPT:]
        return []

    def _reply_ended(self, item: ReplyEnded) -> list[RenderableType]:
        # A conversation that is shown again has no pieces, only whole replies.
        unheard = [] if self._spoke or not item.message.text.strip() else self._said(item.message.text)
        blocks = [*self._thought_over(), *unheard, *self._prose_over()]
        self._do("working")
        self._spoke = False
        return blocks

    def _tool(self, item: ToolStarted | ToolFinished | ApprovalAsked) -> list[RenderableType]:
        if isinstance(item, ApprovalAsked):
            self._asked = item.call.id
            self._do("waiting for your answer")
            return self._add("question", question(item))
        if isinstance(item, ToolStarted):
            self._tool_started, self._output = item, ""
            self._do("")
            return []
        started, self._tool_started = self._tool_started, None
        if started is not None and self._started is not None:
            item = replace(item, seconds=self._clock() - self._since)  # without the wait for an answer
        self._do("working")
        if started is None:
            return self._add("tool", failed_before(item))
        return self._add("tool", finished(started, item, seen=self._asked == item.call_id))

    def _helper(self, item: AgentEvent) -> list[RenderableType]:
        """Of a helper only its calls are shown, and what it asks."""
        match item:
            case ToolStarted():
                self._helping = item
                self._output = f"{headline(item.call.name, item.view).plain} ..."
            case ToolFinished():
                started, self._helping = self._helping, None
                seen = self._asked == item.call_id
                return self._add("tool", finished(started, item, seen=seen) if started else failed_before(item))
            case ApprovalAsked():
                self._asked = item.call.id
                return self._add("question", question(item))
            case ApprovalGiven():
                return self._aside(item)
            case _:
                pass
        return []

    def _turn(self, item: TurnStarted | TurnEnded) -> list[RenderableType]:
        if isinstance(item, TurnStarted):
            self._rest()
            self._started = self._clock()
            self._do("waiting for the model")
            return self._add("user", _user(item.text)) if self._echo else []
        blocks = [*self._thought_over(), *self._prose_over()]
        if item.reason is TurnEnd.ERROR:
            blocks += self._add("note", [line(visible(item.problem), "red")])
        elif item.reason in ENDS:
            blocks += self._add("note", [line(ENDS[item.reason], "yellow")])
        self._rest()
        return blocks

    def _aside(self, item: ApprovalGiven | Reminded | Compacted) -> list[RenderableType]:
        match item:
            case ApprovalGiven(_, answer):
                said = {"once": "yes, once", "session": "yes, for this session", "always": "yes, always"}
                words = said.get(answer.kind, f"no: {answer.feedback}" if answer.feedback else "no")
                return self._add("question", [Hanging(Text("› ", "bold cyan"), Text(visible(words), "dim"))])
            case Reminded(text, origin):
                if origin == "user":
                    return self._add("user", _user(text))
                first, *more = visible(text).strip().split("\n")
                words = first.removesuffix(" is now:").removesuffix(" (not from the user):")
                end = " …" if more and words == first else ""
                return self._add("note", [line(f"{_TOLD[origin]}: {words}{end}", "dim italic")])
            case Compacted(before, after):
                words = f"the conversation was shortened from {before:,} to {after:,} tokens"
                return self._add("note", [line(words, "dim")])

    def _ours(self, item: Notice | Rows | Printed | Echo | DiffView) -> list[RenderableType]:
        match item:
            case Notice(text, kind):
                return self._add("note", [line(visible(text), _NOTICES[kind])])
            case Rows():
                return self._add("rows", rows(item))
            case Printed(text):
                return self._add("printed", [line(each) for each in visible(text).split("\n")])
            case Echo(text):
                return self._add("echo", _user(text)) if self._echo else []
            case DiffView(path):
                diff = diff_of(item)
                head = Hanging(Text(), Text.assemble((visible_name(path), "bold"), "  ", diff.stat))
                return self._add(f"diff of {path}", [head, *diff_blocks(diff)])


def _user(text: str) -> list[RenderableType]:
    return [Hanging(Text("› ", "bold cyan"), Text(visible(text), "bold"))]
