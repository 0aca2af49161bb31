"""The Hugging Face hub: its own client says where the file is, what it must be, and whether its cache has it.

The bytes are fetched here, because the client begins from nothing whenever a download was interrupted.
"""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from huggingface_hub import (
    get_hf_file_metadata,  # pyright: ignore[reportUnknownVariableType]
    hf_hub_url,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    FileMetadataError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
)
from huggingface_hub.utils import build_hf_headers  # pyright: ignore[reportUnknownVariableType]

from demiurgic_models.entries import HubSource
from demiurgic_models.errors import PullFailed, first_line
from demiurgic_models.fetching import Arrived, Fetching, Progress
from demiurgic_models.sources.web import Address, fetch_url
from demiurgic_models.store import checksum

_SHA256_LENGTH = 64
_PROBLEMS = (
    EntryNotFoundError,
    FileMetadataError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    httpx2.HTTPError,
)


def fetch_hub(source: HubSource, fetching: Fetching) -> Arrived:
    """Find the file in the hub's cache, or fetch it, going on behind what is there already."""
    options, entry = fetching.options, fetching.entry
    with _named_problems():
        url = hf_hub_url(source.repository, entry.file, revision=source.revision, endpoint=options.hub_endpoint)
        metadata = get_hf_file_metadata(url, token=options.token)
        cached = try_to_load_from_cache(source.repository, entry.file, revision=metadata.commit_hash)
        headers = build_hf_headers(token=options.token)
    if entry.bytes is not None and metadata.size not in (None, entry.bytes):
        raise PullFailed(f"the hub's file has {metadata.size} bytes instead of {entry.bytes}")
    etag = metadata.etag or ""
    vouched = etag if len(etag) == _SHA256_LENGTH else None
    if isinstance(cached, str) and (found := _sound(Path(cached).resolve(), entry.sha256 or vouched, fetching)):
        return found
    fetch_url(Address("hub", url, metadata.size or entry.bytes, headers, identity=etag), fetching)
    return Arrived(fetching.part, vouched)


def _sound(cached: Path, expected: str | None, fetching: Fetching) -> Arrived | None:
    """The cached file if it is what it must be. A wrong one is not ours to delete."""
    size = cached.stat().st_size
    found = checksum(cached, lambda done: fetching.report(Progress("hub's cache", done, size, verifying=True)))
    return Arrived(cached, expected, found) if found == expected else None


@contextmanager
def _named_problems() -> Generator[None]:
    try:
        yield
    except _PROBLEMS as error:
        raise PullFailed(first_line(error)) from error
