"""The library that evaluates models: whether it loads, what it was built for, what of this machine it leaves unused.

It is loaded in a process of its own: a broken library must not take this one along.
"""

import importlib.metadata
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from demiurgic.cli.doctor.finding import Finding
from demiurgic.cli.doctor.gpus import Gpu, found_gpus
from demiurgic.cli.doctor.processor import features

_PACKAGE = "llama-cpp-python"
_SCRIPT = """
import json, demiurgic.engine.llama.binding as b
print(json.dumps([b.lib.llama_print_system_info().decode(), bool(b.lib.llama_supports_gpu_offload())]))
"""
_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class _Built:
    features: tuple[str, ...]
    gpu: bool


def look() -> Iterator[Finding]:
    """The engine, its processor, its grammars and its graphics card."""
    built, finding = _engine()
    yield finding
    if built is not None:
        yield _processor(built)
    yield _grammars()
    yield _gpu(found_gpus(), built)


def _engine() -> tuple[_Built | None, Finding]:
    if importlib.util.find_spec("llama_cpp") is None:
        other = importlib.util.find_spec("xllamacpp") is not None
        says = f"{_PACKAGE} is not installed" + ("; xllamacpp stands in for it" if other else "")
        return None, Finding("engine", other, says, "pip install 'demiurgic[llama]'", needed=True)
    try:
        command = [sys.executable, "-P", "-c", _SCRIPT]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        return None, _broken(f"does not answer within {_PATIENCE} s")
    if done.returncode != 0:
        return None, _broken((done.stderr.strip().splitlines() or ["it crashed"])[-1])
    info, gpu = json.loads(done.stdout.splitlines()[-1])
    parts = [part.split(" = ")[0].split(": ")[-1].strip() for part in info.split("|") if part.strip()]
    says = f"{_PACKAGE} {importlib.metadata.version(_PACKAGE)}, fits its library"
    return _Built(tuple(parts), gpu), Finding("engine", True, says, needed=True)


def _broken(why: str) -> Finding:
    return Finding("engine", False, why, "pip install --force-reinstall 'demiurgic[llama]'", needed=True)


def _processor(built: _Built) -> Finding:
    there = features()
    unused = [feature for feature in there if feature not in built.features]
    says = f"has {' '.join(there)}" if there else f"engine built for {' '.join(built.features)}"
    if unused:
        says += f"; the engine was built without {' '.join(unused)}"
    return Finding("cpu", not unused, says, _rebuilt("-DGGML_NATIVE=on"))


def _grammars() -> Finding:
    found = importlib.util.find_spec("llguidance") is not None
    says = f"llguidance {importlib.metadata.version('llguidance')}" if found else "llguidance is not installed"
    return Finding("grammars", found, says, "pip install 'demiurgic[llama]'", needed=True)


def _gpu(gpus: Sequence[Gpu], built: _Built | None) -> Finding:
    if not gpus:
        return Finding("gpu", True, "none found; models run on the CPU")
    says = "; ".join(map(str, gpus))
    if built is not None and not built.gpu:
        return Finding("gpu", False, f"{says}; the engine was built without it", _rebuilt(gpus[0].build))
    torch = importlib.metadata.version("torch") if importlib.util.find_spec("torch") else ""
    if torch.endswith("+cpu"):
        mend = "pip install --force-reinstall torch"
        return Finding("gpu", False, f"{says}; torch {torch} was built without it, so training is slow", mend)
    return Finding("gpu", True, says)


def _rebuilt(how: str) -> str:
    wanted = f"{_PACKAGE}=={importlib.metadata.version(_PACKAGE)}"
    return f"CMAKE_ARGS={how} pip install --force-reinstall --no-deps --no-cache-dir --no-binary {_PACKAGE} {wanted}"
