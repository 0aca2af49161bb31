"""A local GGUF model through the `xllamacpp` wheel, for machines without a C++ compiler.

Its server runs in a child process and is reached on 127.0.0.1 under a key made for it. The child ends with `close`
and with this process, however that ends. The server does not enforce `tool_choice`: a demanded call that does not
come is asked for once more and then an error. Nothing is kept on disk between runs. Drafting is the server's affair.
"""

import importlib.util
import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from demiurgic.chat.openai_api import OpenAIChat
from demiurgic.chat.patience import SILENCE_SECONDS
from demiurgic.chat.protocol import ReplyOptions
from demiurgic.chat.remote_reply import RemoteReply
from demiurgic.engine.options import EngineOptions
from demiurgic.errors import (
    EngineDied,
    EngineError,
    MissingExtra,
    ModelLoadError,
    ProviderError,
    UnknownModel,
    UnsupportedRequest,
)
from demiurgic.events import ChatEvent
from demiurgic.messages import Message, Tool

GOODBYE_SECONDS = 5.0
LAST_WORDS = 2000


class XllamaCppChat:
    """One loaded model. Constructing it loads the file, which takes seconds."""

    def __init__(self, path: Path, options: EngineOptions = EngineOptions()) -> None:
        if importlib.util.find_spec("xllamacpp") is None:
            raise MissingExtra("xllamacpp", "xllamacpp")
        if not path.is_file():
            raise UnknownModel(f"there is no file {path}")
        if options.disk_cache:
            raise UnsupportedRequest("xllamacpp keeps nothing on disk: disk_cache", "leave disk_cache out")
        self._name = path.stem
        key = secrets.token_urlsafe()
        self._child = _Child()
        try:
            address = self._child.start(_settings(path, options, key))
            self._remote = OpenAIChat("local", address.url, key, SILENCE_SECONDS, address.context)
        except BaseException:
            self._child.end()
            raise

    @property
    def name(self) -> str:
        return self._name

    @property
    def context(self) -> int | None:
        return self._remote.context

    def reply(
        self,
        conversation: Sequence[Message],
        tools: Sequence[Tool] = (),
        options: ReplyOptions = ReplyOptions(),
    ) -> "ChildsReply":
        if self._child.dead():
            raise self._child.died()
        return ChildsReply(self._remote.reply(conversation, tools, options), self._child)

    def count_tokens(
        self, conversation: Sequence[Message], tools: Sequence[Tool] = (), *, think: bool = True
    ) -> int | None:
        return None

    def close(self) -> None:
        self._remote.close()
        self._child.end()


class ChildsReply:
    """A reply of the child's server. That the child died is told as such, not as a lost connection."""

    def __init__(self, reply: RemoteReply, child: "_Child") -> None:
        self._reply, self._child = reply, child

    def __iter__(self) -> Iterator[ChatEvent]:
        try:
            yield from self._reply
        except ProviderError as error:
            # A connection is lost a moment before the end of the process can be seen.
            if error.status is None and self._child.dead(patience=0.5):
                raise self._child.died() from error
            raise

    def cancel(self) -> None:
        self._reply.cancel()


@dataclass(frozen=True, slots=True)
class _Address:
    url: str
    context: int | None


class _Child:
    """The process that serves. Its stdin stays open for as long as it is to live."""

    def __init__(self) -> None:
        self._words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed by `end`)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "demiurgic.chat.xllamacpp_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            text=True,
            encoding="utf-8",
        )

    def start(self, settings: dict[str, object]) -> _Address:
        """Wait until the model is loaded and the server listens."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise EngineError("the process of xllamacpp has no pipes")
        try:
            print(json.dumps(settings), file=stdin, flush=True)
            line = stdout.readline()
        except BrokenPipeError:
            line = ""
        report: dict[str, str] = json.loads(line) if line else {"error": "its process ended"}
        if "error" in report:
            told = f"{report['error']} {self._last_words()}".strip()
            raise ModelLoadError(f"xllamacpp could not load {settings['path']}: {told}")
        context = report.get("context")
        return _Address(report["url"], int(context) if context else None)

    def dead(self, patience: float = 0) -> bool:
        """Whether it ended by itself, now or within `patience` seconds."""
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        return True

    def died(self) -> EngineDied:
        return EngineDied(
            f"the process of xllamacpp ended with code {self._process.poll()}", "load the model again to go on"
        )

    def end(self) -> None:
        """End it, politely first. A second call does nothing."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # it died before it had read its settings
                    pipe.close()
        try:
            self._process.wait(GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._words.close()

    def _last_words(self) -> str:
        self._words.seek(0)
        return self._words.read().decode(errors="replace")[-LAST_WORDS:].strip()


def _settings(path: Path, options: EngineOptions, key: str) -> dict[str, object]:
    return {
        "path": str(path.resolve()),
        "key": key,
        "context": options.context or 0,
        "batch": options.batch,
        "parallel": options.parallel,
        "threads": options.threads,
        "gpu_layers": options.gpu_layers,
        "kv_type": options.kv_type,
        "cache_mib": options.memory_cache // 2**20,
    }
