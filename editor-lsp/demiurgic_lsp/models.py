"""The model behind the server: opened when it is first needed, and once."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ChatModel
from demiurgic.errors import DemiurgicError, UnsupportedRequest
from demiurgic_lsp.completion.filling import Filler

_log = logging.getLogger("demiurgic.lsp")


@dataclass(slots=True)
class Models:
    """Opens with `open`. One event loop."""

    open: Callable[[], ChatModel]
    _opening: "asyncio.Future[ChatModel] | None" = None
    _filler: Filler | None = None
    _told: set[str] = field(default_factory=set[str])

    async def filler(self) -> Filler:
        """The model as one that fills holes. Raises DemiurgicError where there is none."""
        if self._filler is None:
            if self._opening is None:
                self._opening = asyncio.ensure_future(asyncio.to_thread(self.open))
            try:
                model = await asyncio.shield(self._opening)
            except DemiurgicError:
                self._opening = None  # it may be there the next time
                raise
            if not isinstance(model, LocalChat):
                raise UnsupportedRequest(f"{model.name} takes nothing but conversations", "name a local model")
            self._filler = self._filler or Filler(model.engine)
        return self._filler

    def note(self, error: DemiurgicError) -> None:
        """Something went wrong while somebody typed: told in the log, once, since it would come with every key."""
        if str(error) not in self._told:
            self._told.add(str(error))
            _log.warning("%s", error)

    async def close(self) -> None:
        """Free it."""
        if self._opening is not None:
            opening, self._opening, self._filler = self._opening, None, None
            for model in [
                one
                for one in await asyncio.gather(opening, return_exceptions=True)
                if not isinstance(one, BaseException)
            ]:
                await asyncio.to_thread(model.close)
