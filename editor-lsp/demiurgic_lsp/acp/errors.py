"""What went wrong, as JSON-RPC tells it: one line, and the next step beside it."""

from collections.abc import Generator
from contextlib import contextmanager

from acp import RequestError

from demiurgic.errors import DemiurgicError, NoSuchSession, UserError

_WRONG_INPUT, _FAILED, _NOT_FOUND = -32602, -32603, -32002


@contextmanager
def telling_the_client() -> Generator[None]:
    """What goes wrong inside is the client's to hear."""
    try:
        yield
    except DemiurgicError as error:
        raise refusal(error) from error


def refusal(error: DemiurgicError) -> RequestError:
    """An error of ours as one of the protocol's."""
    code = _WRONG_INPUT if isinstance(error, UserError) else _FAILED
    return _refusal(_NOT_FOUND if isinstance(error, NoSuchSession) else code, error.message, error.hint)


def wrong_input(message: str, hint: str = "") -> RequestError:
    """The client asked for what cannot be."""
    return _refusal(_WRONG_INPUT, message, hint)


def failure(problem: str) -> RequestError:
    """A turn that the model or the engine ended, in the words of its last event."""
    message, _, hint = problem.partition("\n")
    return _refusal(_FAILED, message, hint)


def _refusal(code: int, message: str, hint: str) -> RequestError:
    return RequestError(code, " ".join(message.split()), {"hint": hint} if hint else None)
