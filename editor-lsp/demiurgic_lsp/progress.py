"""Long work as an editor shows it: begun, how far it is, ended; and ended early when its user says so."""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from demiurgic_lsp.client import Client

_PATIENCE = 5.0
"""Seconds that an editor has to make room for it; then the work goes on unseen."""

_log = logging.getLogger("demiurgic.lsp")

Told = Callable[[str], None]


@asynccontextmanager
async def working(language: LanguageServer, client: Client, title: str) -> AsyncGenerator[Told]:
    """Show the work within. If the user cancels it in the editor, the task that does it is cancelled."""
    token = await _shown(language, title) if client.shows_progress else None
    if token is None:
        yield lambda _: None
        return
    shown, said = language.work_done_progress, "done"
    _cancel_with(language, token)
    try:
        yield lambda text: shown.report(token, types.WorkDoneProgressReport(message=text))
    except asyncio.CancelledError:
        said = "cancelled"
        raise
    except BaseException:
        said = "failed"
        raise
    finally:
        shown.end(token, types.WorkDoneProgressEnd(message=said))
        _tokens(language).pop(token, None)


async def _shown(language: LanguageServer, title: str) -> str | None:
    token, shown = f"demiurgic-{secrets.token_hex(8)}", language.work_done_progress
    created = asyncio.ensure_future(_create(language, token))
    done, _ = await asyncio.wait({created}, timeout=_PATIENCE)
    if not done or created.exception() is not None:
        _log.info("the editor shows no progress")
        return None
    shown.begin(token, types.WorkDoneProgressBegin(title, cancellable=True))
    return token


async def _create(language: LanguageServer, token: str) -> None:
    await language.work_done_progress.create_async(token)  # pyright: ignore[reportUnknownMemberType]


def _cancel_with(language: LanguageServer, token: str) -> None:
    """Cancel the task that is running now as soon as the token is."""
    task = asyncio.current_task()
    assert task is not None, "work is shown from within a task"
    _tokens(language)[token].add_done_callback(lambda asked: task.cancel() if asked.cancelled() else None)


def _tokens(language: LanguageServer) -> dict[int | str, Future[object]]:
    return language.work_done_progress.tokens  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
