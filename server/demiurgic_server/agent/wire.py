"""What requests to agents hold, and what is told of a run."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from demiurgic.agent.equipment import Limits
from demiurgic.agent.events import Answer
from demiurgic.compose.desk import DeskOptions
from demiurgic_server.agent.run import Run, State
from demiurgic_server.agent.runs import Task
from demiurgic_server.problems import BadField
from demiurgic_server.wire import Body

Said = Annotated[str, Field(min_length=1, pattern=r"\S")]


class RunBody(Body):
    """A task for an agent."""

    workspace: Annotated[str, Field(min_length=1, max_length=4096)]
    """The folder to work in: an absolute path beneath a folder that the server allows."""
    prompt: Said
    model: str | None = None
    approve: Literal["plan", "ask", "edits", "all"] = "ask"
    session: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """The id of one to go on with, or `latest`."""
    max_turns: Annotated[int, Field(ge=1, le=10_000)] | None = None


class ApprovalBody(Body):
    """An answer to a question."""

    call_id: Annotated[str, Field(min_length=1, max_length=200)]
    answer: Literal["once", "session", "deny", "always"]
    feedback: Annotated[str, Field(max_length=10_000)] = ""


class SteerBody(Body):
    """Something to tell the model meanwhile."""

    text: Said


class Question(BaseModel):
    """What a run waits for. The event stream says all of it."""

    call_id: str
    tool: str
    reason: str


class RunState(BaseModel):
    """A run as it is now."""

    id: str
    session: str
    workspace: str
    model: str
    approve: str
    state: State
    created: int
    events: int
    """How many there are so far."""
    asked: Question | None = None
    end: str | None = None
    """Why it ended; the reasons are those of the event `turn_ended`."""
    problem: str | None = None


class RunList(BaseModel):
    """A client's runs, the latest last."""

    data: list[RunState]


def task_of(body: RunBody) -> Task:
    """The task as a value."""
    limits = Limits() if body.max_turns is None else Limits(steps=body.max_turns)
    return Task(
        body.workspace, body.prompt, body.model, body.approve, DeskOptions(session=body.session or "", limits=limits)
    )


def answer_of(body: ApprovalBody) -> Answer:
    """The answer as a value. Raises BadField."""
    if body.answer == "always":
        raise BadField("answer", "answer: 'always' writes a rule for this folder; only its user can say that, there")
    return Answer(body.answer, body.feedback)


def state_of(run: Run) -> RunState:
    """What is told of a run that has begun."""
    place, asked, result = run.place, run.asked, run.result
    assert place is not None, "nobody is told of a run that has not begun"
    return RunState(
        id=run.id,
        session=place.session,
        workspace=str(run.wanted.folder),
        model=place.model,
        approve=place.approve,
        state=run.state,
        created=run.created,
        events=len(run.story),
        asked=Question(call_id=asked.call.id, tool=asked.call.name, reason=asked.reason) if asked else None,
        end=result.reason.value if result else None,
        problem=(result.problem or None) if result else None,
    )
