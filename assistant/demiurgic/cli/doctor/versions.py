"""Python, this program, and the packages that it and its extras are made of."""

import importlib.metadata
import platform
import sys
from collections.abc import Iterator, Sequence

from packaging.requirements import Requirement

from demiurgic.cli.doctor.finding import Finding

_OURS = "demiurgic"
_OLDEST = (3, 11)


def look() -> Iterator[Finding]:
    """Python, ourselves, what must be there, and what each extra still lacks."""
    yield _python()
    wrong = sorted(set(_lacking("")))
    yield Finding(
        "packages",
        not wrong,
        _told(wrong) or f"{_OURS} {importlib.metadata.version(_OURS)} and all that it stands on",
        "pip install demiurgic",
        needed=True,
    )
    lacking = {extra: sorted(set(_lacking(extra))) for extra in _extras()}
    if complete := [extra for extra, names in lacking.items() if not names]:
        yield Finding("extras", True, f"installed: {', '.join(complete)}")
    for extra, names in lacking.items():
        if names:
            yield Finding(extra, False, _told(names), f"pip install 'demiurgic[{extra}]'", of="extras")


def _python() -> Finding:
    where = "in an environment of its own" if sys.prefix != sys.base_prefix else "the system's own"
    says = f"{platform.python_version()}, {where}, on {platform.system()} {platform.machine()}"
    return Finding("python", sys.version_info[:2] >= _OLDEST and sys.maxsize > 2**32, says, needed=True)


def _extras() -> list[str]:
    """For users: what developers need has a chore of its own."""
    known = importlib.metadata.metadata(_OURS).get_all("Provides-Extra") or []
    return sorted(extra for extra in known if extra != "dev")


def _told(lacking: Sequence[tuple[str, str]]) -> str:
    missing = [name for name, instead in lacking if not instead]
    others = [instead for _, instead in lacking if instead]
    first = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    return "; ".join([first, *others] if missing else others)


def _lacking(extra: str) -> Iterator[tuple[str, str]]:
    """What is missing, by name, or is there in another version than wanted."""
    for requirement in map(Requirement, importlib.metadata.requires(_OURS) or ()):
        if not _belongs(requirement, extra):
            continue
        if requirement.name == _OURS:
            for part in sorted(requirement.extras):
                yield from _lacking(part)
        elif (instead := _instead(requirement)) is not None:
            yield requirement.name, instead


def _belongs(requirement: Requirement, extra: str) -> bool:
    marker = requirement.marker
    always = marker is None or marker.evaluate({"extra": ""})
    return always if not extra else not always and marker is not None and marker.evaluate({"extra": extra})


def _instead(requirement: Requirement) -> str | None:
    """Nothing if it is not there; None if all is well."""
    try:
        there = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    fits = requirement.specifier.contains(there, prereleases=True)
    return None if fits else f"{requirement.name} is {there}, but {requirement.specifier} is wanted"
