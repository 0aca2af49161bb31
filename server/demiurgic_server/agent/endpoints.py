"""`/v1/agent/runs`."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from demiurgic_server.agent.run import Run
from demiurgic_server.agent.wire import (
    ApprovalBody,
    RunBody,
    RunList,
    RunState,
    SteerBody,
    answer_of,
    state_of,
    task_of,
)
from demiurgic_server.following import Pulse
from demiurgic_server.house import EventStream, client_of, house_of
from demiurgic_server.problems import Refused
from demiurgic_server.sse import PULSE, told

router = APIRouter(prefix="/v1/agent/runs", tags=["agent"])

Number = Annotated[int | None, Query(ge=0, le=2**53)]
LastNumber = Annotated[int | None, Header(alias="Last-Event-ID", ge=0, le=2**53)]
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "events, each with its number as `id`"},
    204: {"description": "the run has ended, and all of its events were read"},
}


@router.post("", status_code=201)
async def begin(body: RunBody, request: Request) -> RunState:
    """Let an agent do a task. It goes on when this request's connection is gone."""
    return state_of(await house_of(request).runs.begin(client_of(request), task_of(body)))


@router.get("")
async def list_runs(request: Request) -> RunList:
    """The runs of this client that go on or have ended not long ago."""
    return RunList(data=[state_of(run) for run in house_of(request).runs.of(client_of(request))])


@router.get("/{name}")
async def one_run(name: str, request: Request) -> RunState:
    """One of them."""
    return state_of(_run(request, name))


@router.get("/{name}/events", response_model=None, response_class=Response, responses=_STREAM)
async def events(name: str, request: Request, after: Number = None, last_event_id: LastNumber = None) -> Response:
    """All that happened and happens, from the beginning or behind a number, to the run's end."""
    run = _run(request, name)
    known = last_event_id or after or 0  # a browser that connects again keeps the address and adds the header
    if run.story.ended and known >= len(run.story):
        return Response(status_code=204)  # for a browser: do not connect again
    pulse = house_of(request).serving.limits.pulse
    return EventStream(told(_frames(run, known, pulse), request.url.path), AsyncExitStack())


@router.post("/{name}/approvals")
async def answer(name: str, body: ApprovalBody, request: Request) -> RunState:
    """Answer what a run asks."""
    run = _run(request, name)
    if not run.answers.give(body.call_id, answer_of(body)):
        raise Refused(409, f"nothing is asked about the call {body.call_id!r}")
    return state_of(run)


@router.post("/{name}/cancel")
async def cancel(name: str, request: Request) -> RunState:
    """Let a run end soon. What it did stays."""
    run = _run(request, name)
    run.cancel()
    return state_of(run)


@router.post("/{name}/steer")
async def steer(name: str, body: SteerBody, request: Request) -> RunState:
    """Tell the model something before its next reply."""
    run = _run(request, name)
    if not run.steer(body.text):
        raise Refused(409, "the run has ended")
    return state_of(run)


def _run(request: Request, name: str) -> Run:
    return house_of(request).runs.get(client_of(request), name)


async def _frames(run: Run, after: int, pulse: float) -> AsyncGenerator[bytes]:
    async for line in run.story.read(after, pulse):
        if isinstance(line, Pulse):
            yield PULSE
        else:
            yield b"id: %d\ndata: %b\n\n" % (line.number, line.text.rstrip(b"\n"))
