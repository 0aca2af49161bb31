"""Errors in the shape of the API that was called."""

from starlette.responses import JSONResponse

from demiurgic.messages import JsonObject
from demiurgic_server.problems import Problem

ANTHROPIC = "/v1/messages"
"""Everything beneath it speaks Anthropic's language; all else OpenAI's."""

_OPENAI_KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
_ANTHROPIC_KINDS = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}


def error_body(path: str, problem: Problem) -> JsonObject:
    """What the body, or an event of a stream, says."""
    if path.startswith(ANTHROPIC):
        kind = _ANTHROPIC_KINDS.get(problem.status, _class_of(problem, "api_error"))
        return {"type": "error", "error": {"type": kind, "message": problem.message}}
    kind = _OPENAI_KINDS.get(problem.status, _class_of(problem, "server_error"))
    return {"error": {"message": problem.message, "type": kind, "param": problem.field, "code": problem.code}}


def error_response(path: str, problem: Problem) -> JSONResponse:
    """The same as a response."""
    headers: dict[str, str] = {}
    if problem.retry_after is not None:
        headers["retry-after"] = str(problem.retry_after)
    if problem.status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(error_body(path, problem), problem.status, headers)


def _class_of(problem: Problem, ours: str) -> str:
    return "invalid_request_error" if problem.status < 500 else ours
