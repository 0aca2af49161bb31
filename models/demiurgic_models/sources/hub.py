"""The Hugging Face hub, through its own client: its cache, its token, its way of resuming."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import (
    get_hf_file_metadata,  # pyright: ignore[reportUnknownVariableType]
    hf_hub_download,  # pyright: ignore[reportUnknownVariableType]
    hf_hub_url,
)
from huggingface_hub.constants import HF_HUB_CACHE
from huggingface_hub.errors import (
    EntryNotFoundError,
    FileMetadataError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    XetDownloadError,
)
from tqdm.auto import tqdm

from demiurgic_models.errors import PullFailed
from demiurgic_models.fetching import Arrived, Fetching, Progress, ensure_room
from demiurgic_models.registry import HubSource

_SHA256_LENGTH = 64
_PROBLEMS = (
    EntryNotFoundError,
    FileMetadataError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    XetDownloadError,
    httpx2.HTTPError,
)


def fetch_hub(source: HubSource, fetching: Fetching) -> Arrived:
    """Fetch the file into the hub's cache, or find it there."""
    options, entry = fetching.options, fetching.entry
    with _named_problems():
        url = hf_hub_url(source.repository, entry.file, revision=source.revision, endpoint=options.hub_endpoint)
        metadata = get_hf_file_metadata(url, token=options.token)
        if metadata.size is not None and entry.bytes not in (None, metadata.size):
            raise PullFailed(f"the hub's file has {metadata.size} bytes instead of {entry.bytes}")
        cached = hf_hub_download(
            source.repository,
            entry.file,
            revision=source.revision,
            endpoint=options.hub_endpoint,
            token=options.token,
            tqdm_class=_reporting(fetching, metadata.size),
        )
    etag = metadata.etag or ""
    return Arrived(Path(cached).resolve(), etag if len(etag) == _SHA256_LENGTH else None)


def _reporting(fetching: Fetching, total: int | None) -> Any:  # noqa: ANN401 - a class that tqdm's users expect
    class Reporting(tqdm):  # pyright: ignore[reportMissingTypeArgument, reportUntypedBaseClass]
        """The hub's progress bar, turned into our reports. It is made when bytes are about to come, not before."""

        def __init__(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401
            super().__init__(*arguments, **{**settings, "disable": True})  # pyright: ignore[reportUnknownMemberType]
            self._done = int(settings.get("initial") or 0)
            ensure_room(Path(HF_HUB_CACHE), (total or 0) - self._done, fetching.entry.name)

        def update(self, n: float | None = 1) -> bool | None:
            self._done += int(n or 0)
            fetching.report(Progress("hub", self._done, total))
            return None

    return Reporting


@contextmanager
def _named_problems() -> Generator[None]:
    try:
        yield
    except _PROBLEMS as error:
        raise PullFailed((str(error).strip().splitlines() or [type(error).__name__])[0]) from error
