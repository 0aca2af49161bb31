"""What goes wrong between a client and this server, before either API puts it into its own shape."""

from dataclasses import dataclass

from demiurgic.errors import ContextOverflow, DemiurgicError, UnknownModel, UserError, WorkError


class Busy(WorkError):
    """The line is full. `retry_after` says in how many seconds it may be shorter."""

    def __init__(self, waiting: int) -> None:
        self.retry_after = min(60, 1 + waiting // 4)
        super().__init__(f"{waiting} requests wait already", f"try again in {self.retry_after} seconds")


class TooManyRuns(Busy):
    """As many agents are at work as may be."""

    def __init__(self, runs: int) -> None:
        super().__init__(0)
        WorkError.__init__(self, f"{runs} agents are at work already", "try again when one of them has ended")
        self.retry_after = 30


class TooSlow(WorkError):
    """The request took longer than this server allows."""


class Stopping(WorkError):
    """The server is being stopped."""

    def __init__(self, message: str = "this server is being stopped") -> None:
        super().__init__(message)


class Refused(UserError):
    """A request that this server does not serve: no key, a foreign host, too large a body."""

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        self.status = status
        super().__init__(message, hint)


class BadField(UserError):
    """A field of the request that is missing, wrong, or not supported here."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as HTTP tells it. `code` is one word for programs; `field` names what was wrong in the request."""

    status: int
    code: str
    message: str
    field: str | None = None
    retry_after: int | None = None


def problem_of(error: BaseException) -> Problem:  # noqa: PLR0911 - one line for each kind
    """What to tell a client of an error. Of faults of ours it hears no more than that there was one."""
    message = _told(error)
    match error:
        case Busy():
            return Problem(429, "queue_full", message, retry_after=error.retry_after)
        case TooSlow():
            return Problem(408, "request_timeout", message)
        case Stopping():
            return Problem(503, "stopping", message, retry_after=5)
        case Refused():
            return Problem(error.status, _REFUSALS.get(error.status, "refused"), message)
        case BadField():
            return Problem(400, "invalid_value", message, error.field)
        case UnknownModel():
            return Problem(404, "model_not_found", message, "model")
        case ContextOverflow():
            return Problem(400, "context_length_exceeded", message)
        case UserError():
            return Problem(400, "invalid_request", message)
        case RecursionError():
            return Problem(400, "invalid_request", "the request is nested too deeply")
        case _:
            return Problem(500, "internal_error", message)


_REFUSALS = {
    400: "invalid_request",
    401: "invalid_api_key",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_timeout",
    409: "conflict",
    413: "request_too_large",
    421: "wrong_host",
}


def _told(error: BaseException) -> str:
    if not isinstance(error, DemiurgicError):
        return "an error of this server; its log says more"
    return f"{error.message}; {error.hint}" if error.hint else error.message
