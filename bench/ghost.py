"""Ghost text under somebody's fingers: our language server, its parts switched off in turn, and llama-cpp-python's server.

All see the same keys at the same times and put the same prompt to the same model with the same length, two threads each.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
from lsprotocol import types
from pygls.exceptions import JsonRpcRequestCancelled
from pygls.lsp.client import LanguageClient

from bench.figures import Figures, answer
from bench.keys import State, replayed, sessions
from demiurgic.chat.local import LocalChat
from demiurgic.compose.chat import open_chat
from demiurgic.config import load_settings
from demiurgic.templates.filling import Nearby
from demiurgic_lsp.completion.ending import one_line
from demiurgic_lsp.completion.fillers import filler_for
from demiurgic_lsp.completion.filling import Filler, Filling
from demiurgic_lsp.completion.hole import Hole, hole_at, shown
from demiurgic_lsp.completion.memory import Memory
from demiurgic_lsp.completion.nearby import Neighbourhood
from demiurgic_lsp.completion.newest import Newest
from demiurgic_lsp.wishes import Wishes

CONTEXT, LINE, BLOCK = 8192, 48, 160
THREADS = 2


def server(model: str) -> Figures:
    """The whole language server, as an editor sees it."""
    return asyncio.run(_server(model))


async def _server(model: str) -> Figures:
    async with _client(model) as client:

        async def ask(state: State) -> None:
            uri, text = f"file:///{state.path}", state.before + state.behind
            place = types.Position(state.before.count("\n"), len(state.before) - state.before.rfind("\n") - 1)
            change = types.TextDocumentContentChangeWholeDocument(text)
            identifier = types.VersionedTextDocumentIdentifier(time.monotonic_ns() % 2**31, uri)
            client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))
            context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic)
            params = types.InlineCompletionParams(context, types.TextDocumentIdentifier(uri), place)
            try:
                await client.text_document_inline_completion_async(params)
            except JsonRpcRequestCancelled as error:
                raise asyncio.CancelledError from error

        for session in sessions():
            item = types.TextDocumentItem(f"file:///{session.path}", "python", 0, session.before + session.behind)
            client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        first = sessions()[0]
        await ask(State(first.path, "def add(a, b):\n    return ", "\n"))
        figures = await replayed(ask, cancels=False)  # the server itself does
        return {**figures, **await _overhead(client, ask)}


async def _overhead(client: LanguageClient, ask: Callable[[State], Awaitable[None]]) -> Figures:
    """Milliseconds of a key whose answer is known, in a file of 3,000 lines: everything but the model."""
    state = State("large.py", "".join(f"x_{number} = {number}\n" for number in range(3000)) + "y = x_1 + ", "\n")
    item = types.TextDocumentItem(f"file:///{state.path}", "python", 0, state.before + state.behind)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    await ask(state)
    await asyncio.sleep(3)  # what is worked out ahead has come to its end
    taken = []
    for _ in range(300):
        start = time.perf_counter()
        await ask(state)
        taken.append(1e3 * (time.perf_counter() - start))
    return {"overhead p50": statistics.median(taken), "overhead p95": statistics.quantiles(taken, n=20)[18]}


@asynccontextmanager
async def _client(model: str) -> AsyncIterator[LanguageClient]:
    client = LanguageClient("bench", "1")
    await client.start_io(sys.executable, "-m", "demiurgic", "lsp", "--model", model)
    await client.initialize_async(types.InitializeParams(types.ClientCapabilities()))
    client.initialized(types.InitializedParams())
    try:
        yield client
    finally:
        await client.shutdown_async(None)
        client.exit(None)
        await client.stop()


def whole(model: str) -> Figures:
    """Our parts without a server around them."""
    return _parts(model)


def forgetting(model: str) -> Figures:
    """… that remember no answer and work nothing out ahead."""
    return _parts(model, memory=_Forgetful(), wishes=Wishes(ahead=False, neighbours=False))


def rereading(model: str) -> Figures:
    """… whose every prompt begins differently, so that nothing read before is of use."""
    return _parts(model, wrap=_Anew)


def patient(model: str) -> Figures:
    """… that finish every answer before they begin the next."""
    return _parts(model, cancels=False)


class _Forgetful(Memory):
    def recall(self, hole: Hole) -> str | None:
        return None


class _Anew:
    def __init__(self, filler: Filler) -> None:
        self._filler = filler

    def begin(self, hole: Hole, longest: int, nearby: tuple[Nearby, ...] = ()) -> Filling:
        near = replace(hole, above=f"# {uuid.uuid4()}\n{shown(hole).above}")
        return replace(self._filler.begin(near, longest, nearby), hole=hole)


def _parts(
    model: str,
    *,
    memory: Memory | None = None,
    wishes: Wishes = Wishes(neighbours=False),  # noqa: B008 - frozen
    wrap: Callable[[Filler], Filler] = lambda filler: filler,
    cancels: bool = True,
) -> Figures:
    settings = replace(load_settings(Path("/")), context=CONTEXT, threads=THREADS, disk_cache=0)
    chat = open_chat(settings, model)
    assert isinstance(chat, LocalChat)
    works = Newest(wrap(filler_for(chat)), lambda: wishes, Neighbourhood(), memory or Memory())
    line = asyncio.Lock()

    async def ask(state: State) -> None:
        hole = hole_at(state.path, state.before + state.behind, len(state.before))
        if cancels:
            await works.fill(hole)
        else:
            async with line:
                await works.fill(hole)

    async def main() -> Figures:
        await ask(State("first.py", "def add(a, b):\n    return ", "\n"))
        figures = await replayed(ask, cancels=cancels)
        works.drop()
        return figures

    try:
        return asyncio.run(main())
    finally:
        chat.close()


def llama_cpp_server(model: str) -> Figures:
    """The peer: each key sends the prompt and hangs up on the one before."""
    command = [sys.executable, "-m", "llama_cpp.server", "--model", model, "--port", "18482", "--host", "127.0.0.1"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [*command, "--n_ctx", str(CONTEXT), "--n_threads", str(THREADS)], stdout=log, stderr=log
        )
        try:
            return asyncio.run(_peer("http://127.0.0.1:18482/v1/completions", process))
        finally:
            process.kill()
            process.wait()


async def _peer(url: str, process: "subprocess.Popen[bytes]") -> Figures:
    async with httpx2.AsyncClient(timeout=600) as client:
        firsts: list[float] = []

        async def ask(state: State) -> None:
            start = time.perf_counter()
            async with client.stream("POST", url, json=_body(state)) as lines:
                first = True
                async for line in lines.aiter_lines():
                    if first and line.startswith("data: {") and json.loads(line[6:])["choices"][0]["text"]:
                        firsts.append(1e3 * (time.perf_counter() - start))
                        first = False

        warm = State("first.py", "def add(a, b):\n    return ", "\n")
        while process.poll() is None:
            try:
                await ask(warm)
                break
            except httpx2.HTTPError:
                await asyncio.sleep(0.2)
        firsts.clear()
        figures = await replayed(ask)
        return {**figures, "first token": statistics.median(firsts)}


def _body(state: State) -> dict[str, object]:
    hole = hole_at(state.path, state.before + state.behind, len(state.before))
    near, single = shown(hole), one_line(hole)
    prompt = f"<|fim_prefix|>{near.above}<|fim_suffix|>{near.behind}<|fim_middle|>{hole.left.rstrip(' ')}"
    stop = ["<|fim_pad|>", "<|file_sep|>", "<|fim_prefix|>", *(["\n"] if single else ["\n\n"])]
    return {"prompt": prompt, "max_tokens": LINE if single else BLOCK, "temperature": 0.0, "stop": stop, "stream": True}


if __name__ == "__main__":
    answer(server, whole, forgetting, rereading, patient, llama_cpp_server)
