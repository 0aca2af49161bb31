"""`demiurgic doctor`: what works on this machine, what does not, and the command that mends it."""

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from demiurgic.config import Settings
from demiurgic.errors import DemiurgicError, MissingExtra
from demiurgic.sandbox.protocol import Guard


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `needed` findings that are not fine make the check fail."""

    what: str
    fine: bool
    says: str
    mend: str = ""
    needed: bool = False


HELP = "what works on this machine, and what mends the rest"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    parser.add_argument("--build-sandbox", action="store_true", help="build the image of the docker sandbox")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace, settings: Settings) -> int:
    if options.build_sandbox:
        return _build_sandbox(settings)
    failed = False
    for look in _looks(settings):
        for finding in look():
            failed = failed or (finding.needed and not finding.fine)
            print(f"{'✓' if finding.fine else '✗' if finding.needed else '·'} {finding.what:<14} {finding.says}")
            if not finding.fine and finding.mend:
                print(f"  {'':<14} → {finding.mend}")
    return 1 if failed else 0


def _build_sandbox(settings: Settings) -> int:
    if importlib.util.find_spec("docker") is None:
        raise MissingExtra("the docker SDK", "docker")
    from demiurgic.sandbox.docker.backend import DockerBackend

    print(f"built {DockerBackend(settings.docker).build_image(print)}")
    return 0


def _looks(settings: Settings) -> list[Callable[[], Iterable[Finding]]]:
    one_each = [_python, _engine, _grammars, _memory, _gpu, _compiler, partial(_models, settings), _git]
    singles: list[Callable[[], Iterable[Finding]]] = [partial(_alone, look) for look in one_each]
    return [
        *singles,
        partial(_folders, settings),
        partial(_sandboxes, settings),
        partial(_alone, partial(_network, settings)),
    ]


def _alone(look: Callable[[], Finding]) -> Iterator[Finding]:
    yield look()


def _git() -> Finding:
    found = shutil.which("git")
    return Finding(
        "git", bool(found), found or "not found: nothing could be undone", "apt-get install git", needed=True
    )


def _folders(settings: Settings) -> Iterator[Finding]:
    """Only what is wrong with where things are kept."""
    for name in ("state_dir", "cache_dir", "models_dir"):
        folder: Path = getattr(settings, name)
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            mend = f"set {name} to a folder that you can write to"
            yield Finding("folders", False, f"{folder} cannot be written", mend, needed=name == "state_dir")


def _sandboxes(settings: Settings) -> Iterator[Finding]:
    """Each kind is really tried."""
    from demiurgic.sandbox.choose import probe_all

    some = False
    for name, probe in probe_all(settings.docker):
        some = some or (probe.works and name != "process")
        says = f"works, enforces {len(probe.enforced)} of {len(Guard)} guards" if probe.works else probe.reason
        yield Finding(f"  {name}", probe.works, says, probe.hint)
    yield Finding("sandbox", some, "programs can be kept in" if some else "nothing here keeps programs in", needed=True)


def _python() -> Finding:
    return Finding("python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _engine() -> Finding:
    if importlib.util.find_spec("llama_cpp") is None:
        other = importlib.util.find_spec("xllamacpp") is not None
        says = "llama-cpp-python is not installed" + ("; xllamacpp stands in for it" if other else "")
        return Finding("engine", other, says, "pip install 'demiurgic[llama]'", needed=True)
    # In a process of its own: a broken library must not take this one along.
    script = "import demiurgic.engine.llama.binding as b; print(b.lib.llama_print_system_info().decode())"
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=False)
    version = importlib.metadata.version("llama-cpp-python")
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it crashed"])[-1]
        return Finding("engine", False, said, "pip install --force-reinstall 'demiurgic[llama]'", needed=True)
    features = [part.split(" = ")[0].split(": ")[-1].strip() for part in done.stdout.split("|") if part.strip()]
    return Finding(
        "engine", True, f"llama-cpp-python {version}, fits its library; CPU: {' '.join(features)}", needed=True
    )


def _grammars() -> Finding:
    found = importlib.util.find_spec("llguidance") is not None
    says = f"llguidance {importlib.metadata.version('llguidance')}" if found else "llguidance is not installed"
    return Finding("grammars", found, says, "pip install 'demiurgic[llama]'", needed=True)


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    says = f"{memory.total / 1e9:.1f} GB, {memory.available / 1e9:.1f} GB free; {psutil.cpu_count()} cores"
    return Finding("memory", memory.available > 1e9, says, "close some programs, or choose a smaller model")


def gpu_memory() -> int:
    """Bytes of the largest NVIDIA GPU's memory; 0 where there is none to be seen."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    query = [tool, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    sizes = [int(line) for line in done.stdout.split() if line.isdigit()]
    return max(sizes, default=0) * 2**20


def _gpu() -> Finding:
    memory = gpu_memory()
    if not memory:
        return Finding("gpu", True, "none found; models run on the CPU")
    return Finding("gpu", True, f"{memory / 1e9:.0f} GB")


def _compiler() -> Finding:
    found = shutil.which("c++") or shutil.which("clang++") or shutil.which("cl")
    built = importlib.util.find_spec("llama_cpp") is not None
    says = found or ("none; not needed, the engine is built" if built else "none: the engine cannot be built here")
    return Finding("compiler", bool(found) or built, says, "apt-get install g++, or pip install 'demiurgic[xllamacpp]'")


def _models(settings: Settings) -> Finding:
    from demiurgic.compose import default_model, registry
    from demiurgic_models.store import Store

    store = Store(settings.models_dir)
    try:
        entries, default = registry(settings), default_model(settings)
    except DemiurgicError as error:
        return Finding("models", False, str(error), needed=True)
    here = [entry.name for entry in entries.values() if store.has(entry)]
    says = ", ".join(here) if here else f"none in {settings.models_dir}"
    return Finding("models", bool(here), says, f"demiurgic models pull {default}")


def _network(settings: Settings) -> Finding:
    return Finding(
        "network", True, "offline mode: nothing is ever fetched" if settings.offline else "used only on request"
    )
