"""Other programs that ours start."""

import importlib.util
import shutil
from collections.abc import Iterator

from demiurgic.cli.doctor.finding import Finding, said_by

_INSTALLERS = {"apt-get": "apt-get install", "dnf": "dnf install", "pacman": "pacman -S", "brew": "brew install"}
_PACKAGES = {"c++": {"apt-get": "g++", "dnf": "gcc-c++", "pacman": "gcc", "brew": "llvm"}}
"""Where a package is not called as its program is."""


def look() -> Iterator[Finding]:
    """What undoes, what compiles, and what searches large folders."""
    git = shutil.which("git")
    says = (said_by([git, "--version"]) or git) if git else "not found: nothing could be undone"
    yield Finding("git", bool(git), says, install("git"), needed=True)
    yield _compiler()
    found = shutil.which("rg")
    says = (said_by([found, "--version"]) or found).splitlines()[0] if found else "not found: large folders take long"
    yield Finding("ripgrep", bool(found), says, install("ripgrep"))


def install(package: str) -> str:
    """The command of this machine's package manager."""
    manager = next((name for name in _INSTALLERS if shutil.which(name)), "apt-get")
    return f"{_INSTALLERS[manager]} {_PACKAGES.get(package, {}).get(manager, package)}"


def _compiler() -> Finding:
    found = shutil.which("c++") or shutil.which("clang++") or shutil.which("cl")
    if found:
        return Finding("compiler", True, (said_by([found, "--version"]) or found).splitlines()[0])
    if any(importlib.util.find_spec(name) for name in ("llama_cpp", "xllamacpp")):
        return Finding("compiler", True, "none; not needed, the engine is built")
    advice = "or take the engine that is compiled already: pip install 'demiurgic[xllamacpp]'"
    return Finding("compiler", False, "none: the engine cannot be built here", install("c++"), advice)
