"""The application: its endpoints, and how errors of any kind reach a client."""

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from demiurgic.errors import DemiurgicError
from demiurgic_server import operations
from demiurgic_server.access import AccessLog
from demiurgic_server.agent import endpoints as agent
from demiurgic_server.anthropic import messages
from demiurgic_server.guard import Guard
from demiurgic_server.house import ClientGone, House
from demiurgic_server.openai import chat, completions, embeddings, models, responses
from demiurgic_server.plain import characters, intents
from demiurgic_server.problems import BadField, Problem, Refused, problem_of
from demiurgic_server.shapes import error_response

_log = logging.getLogger("demiurgic.server")
_ROUTERS = (operations, chat, completions, embeddings, models, agent, responses, messages, characters, intents)


def build_app(house: House, more: Sequence[APIRouter] = ()) -> ASGIApp:
    """The ASGI application of one server. `more` are endpoints besides those that every server has."""
    # No pages of documentation: theirs are made of scripts that come from elsewhere. /openapi.json is there.
    app = FastAPI(title="Demiurgic", redirect_slashes=False, docs_url=None, redoc_url=None)
    app.state.house = house
    for module in _ROUTERS:
        app.include_router(module.router)
    for router in more:
        app.include_router(router)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientGone, _gone)
    app.add_exception_handler(DemiurgicError, _failed)
    app.add_exception_handler(Exception, _failed)
    guarded: ASGIApp = Guard(app, house.serving)
    if house.serving.origins:
        # Around the guard: a page is told by these headers that it may read why it was refused.
        guarded = CORSMiddleware(
            guarded,
            allow_origins=house.serving.origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("*",),
            allow_private_network=True,
        )
    return AccessLog(guarded, house.meter)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    problem = problem_of(error)
    if problem.status == 500:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return error_response(request.url.path, problem)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return error_response(request.url.path, problem_of(Refused(error.status_code, str(error.detail))))


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=499)  # for the log: nobody reads it


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """What is wrong with the body, by the name of its field: where several kinds were tried, what fits best."""
    assert isinstance(error, RequestValidationError)
    wrong = max(error.errors(), key=lambda one: len(_fields(one["loc"], error.body)))
    place = _fields(wrong["loc"], error.body)
    message = "this field is not supported here" if wrong["type"] == "extra_forbidden" else str(wrong["msg"])
    field = ".".join(place) or None
    return error_response(request.url.path, _bad(field, message))


def _fields(place: Sequence[str | int], body: object) -> list[str]:
    """A place in the body by its fields. What pydantic names between them, such as the kinds that it tried, goes."""
    if place[0] != "body":
        return [str(part) for part in place[1:]]
    names: list[str] = []
    here: Any = body
    for part in place[1:]:
        if isinstance(here, dict | list) and (part in here if isinstance(here, dict) else isinstance(part, int)):
            here = here[part]  # pyright: ignore[reportUnknownVariableType, reportArgumentType, reportCallIssue]
            names.append(str(part))
        elif part == place[-1] and isinstance(here, dict):  # it is missing
            names.append(str(part))
    return names


def _bad(field: str | None, message: str) -> Problem:
    return problem_of(BadField(field or "", f"{field}: {message}" if field else message))
