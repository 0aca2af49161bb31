"""Model files: which are there, and whether they are whole.

A file that was fetched counts as whole if it has not changed since its checksum was right; with `verify` it is read
again. Of files that were put there by hand the header is read.
"""

from collections.abc import Iterator
from pathlib import Path

from demiurgic.cli.doctor.finding import Finding
from demiurgic.compose import default_model, registry
from demiurgic.config import Settings
from demiurgic.errors import BadModelFile, DemiurgicError
from demiurgic_models.entries import Entry
from demiurgic_models.gguf import inspect
from demiurgic_models.store import Store, checksum


def look(settings: Settings, *, verify: bool) -> Iterator[Finding]:
    """Those that are whole in one line, then each that is not."""
    store = Store(settings.models_dir)
    try:
        entries, default = registry(settings), default_model(settings)
    except DemiurgicError as error:
        yield Finding("models", False, str(error), advice="mend the registry's file", needed=True)
        return
    troubles = {entry.name: trouble for entry in entries.values() if (trouble := _trouble(store, entry, verify=verify))}
    whole = [entry.name for entry in entries.values() if store.path(entry).is_file() and entry.name not in troubles]
    says = ", ".join(whole) + (", read again" if verify else "") if whole else f"none in {settings.models_dir}"
    yield Finding("models", bool(whole), says, f"demiurgic models pull {default}")
    for name, trouble in troubles.items():
        own = entries[name].own_file is not None
        mend = "" if own else f"demiurgic models pull {name}"
        advice = f"put a whole file at {entries[name].own_file}" if own else ""
        yield Finding(name, False, trouble, mend, advice, of="models")
    yield from _strangers(settings.models_dir, {store.path(entry) for entry in entries.values()})


def _trouble(store: Store, entry: Entry, *, verify: bool) -> str:
    path = store.path(entry)
    if entry.own_file is not None:
        return _unreadable(path)
    if not path.exists():
        part = store.part(entry)
        return f"fetched in part: {part.stat().st_size / 1e6:.0f} MB" if part.exists() else ""
    if not store.has(entry):
        return f"{path.name} is not what was fetched, or was never verified"
    if verify and checksum(path) != (entry.sha256 or store.verified(entry)):
        return f"{path.name} has another checksum than it should: it is damaged"
    return ""


def _unreadable(path: Path) -> str:
    try:
        inspect(path)
    except (BadModelFile, OSError) as error:
        return str(error)
    return ""


def _strangers(folder: Path, known: set[Path]) -> Iterator[Finding]:
    """Broken files that nobody fetched: they look like models to whoever lists the folder."""
    for path in sorted(folder.glob("*.gguf")):
        if path not in known and (trouble := _unreadable(path)):
            yield Finding("a file", False, trouble, advice=f"fetch or copy {path.name} again", of="models")
