"""The models that clients can name: which there are, which one is loaded, and who uses it.

One model is loaded at a time. Another is loaded when a client names it and nobody uses the present one any more;
until then that client waits. While somebody keeps the present one for long, as an agent does for all of its run, who
names another is refused instead. Adapters are names for the loaded model with an adapter, so they cost no switch.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel
from demiurgic.engine.protocol import Adapter
from demiurgic.errors import UnknownModel
from demiurgic_server.problems import Refused
from demiurgic_server.serving import Lora

Opened = Callable[[str], ChatModel]
"""Loads a model. Takes seconds, so it is called in a thread."""
_Outcome = ChatModel | BaseException


@dataclass(frozen=True, slots=True)
class Listed:
    """A model as clients see it."""

    name: str
    adapter_of: str | None = None


class Models(Protocol):
    """What endpoints want of models. How they are kept is for their keeper to say: `Pool` is the server's."""

    @property
    def waiting(self) -> int: ...

    def listed(self) -> list[Listed]: ...

    def use(self, name: str | None = None, *, long: bool = False) -> AbstractAsyncContextManager[ChatModel]: ...

    async def start(self) -> None: ...

    async def close(self) -> None: ...


@dataclass(slots=True)
class _Loaded:
    name: str
    model: ChatModel
    adapted: dict[str, ChatModel] = field(default_factory=dict[str, ChatModel])
    users: int = 0
    keepers: int = 0
    unused: asyncio.Event = field(default_factory=asyncio.Event)

    def count(self, change: int) -> None:
        self.users += change
        self.unused.clear() if self.users else self.unused.set()


class Pool:
    """All models of one server. Used in the event loop's thread."""

    def __init__(self, names: Sequence[str], open_model: Opened, loras: Sequence[Lora] = ()) -> None:
        """The first of the names is loaded by `start`, and is the one that is meant where none is named."""
        self._names, self._open = tuple(names), open_model
        self._loras: Mapping[str, Lora] = {lora.name: lora for lora in loras}
        self._loaded: _Loaded | None = None
        self._turn = asyncio.Lock()  # it is fair: who wants another model is not passed by those who want this one
        self._loading: asyncio.Task[_Loaded] | None = None
        self.waiting = 0
        """Requests that wait for a model to be loaded, or for their turn to have it loaded."""

    @property
    def default(self) -> str:
        """The model that is meant where none is named."""
        return self._names[0]

    @property
    def loaded(self) -> ChatModel | None:
        """The model that is ready."""
        return self._loaded.model if self._loaded else None

    @property
    def busy(self) -> bool:
        """Whether somebody uses a model or waits for one."""
        return bool(self.waiting or self._loading or (self._loaded and self._loaded.users))

    def listed(self) -> list[Listed]:
        """All that may be named."""
        return [
            *(Listed(name) for name in self._names),
            *(Listed(name, self.default) for name in self._loras),
        ]

    async def start(self) -> None:
        """Load the first model."""
        async with self.use(self.default):
            pass

    @asynccontextmanager
    async def use(self, name: str | None = None, *, long: bool = False) -> AsyncGenerator[ChatModel]:
        """A model, and nobody takes it away meanwhile: for a request, or for long. Raises UnknownModel, or Refused
        where another is kept for long."""
        wanted, adapter = self._meant(name)
        loaded = await self._have(wanted)
        loaded.keepers += long
        try:
            yield loaded.model if adapter is None else _adapted(loaded, adapter)
        finally:
            loaded.keepers -= long
            loaded.count(-1)

    async def close(self) -> None:
        """Free the model. One that is still being loaded ends with the process."""
        loaded, self._loaded = self._loaded, None
        if loaded is not None:
            await asyncio.to_thread(loaded.model.close)

    def _meant(self, name: str | None) -> tuple[str, Lora | None]:
        name = name or self.default
        if name in self._loras:
            return self.default, self._loras[name]
        if name in self._names:
            return name, None
        known = ", ".join(listed.name for listed in self.listed())
        raise UnknownModel(f"there is no model {name!r} here", f"there is {known}")

    async def _have(self, name: str) -> _Loaded:
        """The model of this name, counted as used once more."""
        self.waiting += 1
        try:
            async with self._turn:
                return await self._had(name)
        finally:
            self.waiting -= 1

    async def _had(self, name: str) -> _Loaded:
        if self._loading is not None:  # begun by somebody who did not wait for it
            await asyncio.wait((self._loading,))
        loaded = self._loaded
        if loaded is None or loaded.name != name:
            if loaded is not None and loaded.keepers:
                raise Refused(
                    409, f"an agent works with {loaded.name}", f"name that, or ask for {name} when it is done"
                )
            if loaded is not None and loaded.users:
                await loaded.unused.wait()
            self._loading = asyncio.create_task(self._load(name))
            self._loading.add_done_callback(_seen)
            loaded = await asyncio.shield(self._loading)
        loaded.count(+1)
        return loaded

    async def _load(self, name: str) -> _Loaded:
        try:
            before, self._loaded = self._loaded, None
            if before is not None:
                await asyncio.to_thread(before.model.close)
            self._loaded = _Loaded(name, await self._opened(name))
            return self._loaded
        finally:
            self._loading = None

    async def _opened(self, name: str) -> ChatModel:
        """Load a model in a thread that keeps nobody from ending the process."""
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[_Outcome] = loop.create_future()

        def run() -> None:
            outcome: _Outcome
            try:
                outcome = self._open(name)
            except BaseException as error:  # noqa: BLE001 - carried over to the loop, and raised there
                outcome = error
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(lambda: None if opened.done() else opened.set_result(outcome))

        threading.Thread(target=run, name="loader", daemon=True).start()
        outcome = await opened
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def _seen(loading: asyncio.Task[_Loaded]) -> None:
    """Who asked for the model may have left; then nobody else looks at how its loading ended."""
    if not loading.cancelled():
        loading.exception()


def _adapted(loaded: _Loaded, lora: Lora) -> ChatModel:
    """The model with an adapter; always the same, so that it remembers what it wrote."""
    if lora.name not in loaded.adapted:
        if not isinstance(loaded.model, LocalChat):
            raise UnknownModel(f"{loaded.name} takes no adapters")
        loaded.adapted[lora.name] = loaded.model.adapted(lora.name, Adapter(lora.path, lora.scale))
    return loaded.adapted[lora.name]
