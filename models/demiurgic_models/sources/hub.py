"""The Hugging Face hub, through its own client: its cache, its token, its way of resuming."""

import os
import shutil
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
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled
from tqdm.auto import tqdm

from demiurgic_models.errors import PullFailed
from demiurgic_models.fetching import Fetching, Progress, sync
from demiurgic_models.registry import HubSource

_SHA256_LENGTH = 64


def fetch_hub(source: HubSource, fetching: Fetching) -> str | None:
    """Fetch the file into the hub's cache and take it from there. Returns the checksum that the hub states."""
    options = fetching.options
    with _named_problems():
        file = fetching.entry.file
        url = hf_hub_url(source.repository, file, revision=source.revision, endpoint=options.hub_endpoint)
        metadata = get_hf_file_metadata(url, token=options.token)
        cached = hf_hub_download(
            source.repository,
            file,
            revision=source.revision,
            endpoint=options.hub_endpoint,
            token=options.token,
            tqdm_class=_reporting(fetching, metadata.size),
        )
    _take(Path(cached).resolve(), fetching.part)
    etag = metadata.etag or ""
    return etag if len(etag) == _SHA256_LENGTH else None


def _take(cached: Path, part: Path) -> None:
    """The cached file under our name: the same bytes on the disk where that can be, a copy where not."""
    part.unlink(missing_ok=True)
    try:
        os.link(cached, part)
    except OSError:
        shutil.copyfile(cached, part)
        sync(part)


def _reporting(fetching: Fetching, total: int | None) -> Any:  # noqa: ANN401 - a class that tqdm's users expect
    class Reporting(tqdm):  # pyright: ignore[reportMissingTypeArgument, reportUntypedBaseClass]
        """The hub's progress bar, turned into our reports."""

        def __init__(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401
            super().__init__(*arguments, **{**settings, "disable": True})  # pyright: ignore[reportUnknownMemberType]
            self._done = int(settings.get("initial") or 0)

        def update(self, n: float | None = 1) -> bool | None:
            self._done += int(n or 0)
            fetching.report(Progress("hub", self._done, total))
            return None

    return Reporting


@contextmanager
def _named_problems() -> Generator[None]:
    try:
        yield
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, httpx2.HTTPError) as error:
        raise PullFailed(str(error).strip().splitlines()[0] or type(error).__name__) from error
