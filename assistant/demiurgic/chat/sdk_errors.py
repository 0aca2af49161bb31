"""Turns what a provider's SDK raises into errors that a person can use.

Both SDKs are made by one generator and name their errors alike, so one translation serves both. The original is
dropped from the chain on purpose: its text may repeat a key.
"""

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, cast

from demiurgic.chat.provider_errors import Service


class SdkErrors(Protocol):
    """The module of an SDK, as far as its errors go."""

    @property
    def APIStatusError(self) -> type[Exception]: ...
    @property
    def APITimeoutError(self) -> type[Exception]: ...
    @property
    def APIConnectionError(self) -> type[Exception]: ...
    @property
    def APIError(self) -> type[Exception]: ...


@dataclass(slots=True)
class Progress:
    """How far a request came: a connection that is lost after the reply began is another mishap."""

    began: bool = False


def _lost_connection(error: BaseException | None) -> BaseException | None:
    """What stands behind a time-out that is none: so the way over aiohttp calls it when the server hangs up."""
    aiohttp = sys.modules.get("aiohttp")
    while aiohttp and error:
        if isinstance(error, aiohttp.ClientConnectionError) and not isinstance(error, TimeoutError):
            return error
        error = error.__cause__
    return None


@contextmanager
def explained(sdk: SdkErrors, service: Service, timeout: float) -> Generator[Progress, None, None]:
    """Run the body; raise our errors in place of the SDK's and of its HTTP client's."""
    import httpx2  # the SDK has loaded it; importing it earlier would slow the start

    progress = Progress()
    try:
        yield progress
    except sdk.APIStatusError as error:
        answer = cast("Any", error)
        failed = answer.status_code >= 400  # an error sent within a stream stands under the stream's 200
        status = answer.status_code if failed else None
        raise service.status_error(status, answer.body or answer.message, answer.response.headers) from None
    except (sdk.APITimeoutError, httpx2.TimeoutException) as error:
        lost = _lost_connection(error)
        raise (service.unreachable(lost) if lost else service.timed_out(timeout)) from None
    except (sdk.APIConnectionError, httpx2.TransportError) as error:
        cause = error.__cause__ or error
        raise (service.broken_off(str(cause)) if progress.began else service.unreachable(cause)) from None
    except sdk.APIError as error:
        told = cast("Any", error)
        raise service.status_error(None, told.body or told.message, {}) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise service.malformed(f"a part that is not JSON ({error})") from None
