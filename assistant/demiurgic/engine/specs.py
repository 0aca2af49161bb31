"""Which engine a worker process shall build: plain values that cross a process border."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from demiurgic.engine.options import EngineOptions
from demiurgic.engine.protocol import Engine
from demiurgic.engine.scripted import Script, ScriptedEngine


@dataclass(frozen=True, slots=True)
class LlamaSpec:
    """A GGUF file on llama.cpp."""

    path: Path
    options: EngineOptions = EngineOptions()


@dataclass(frozen=True, slots=True)
class ScriptedSpec:
    """Prepared answers."""

    script: Script


EngineSpec: TypeAlias = LlamaSpec | ScriptedSpec


def build(spec: EngineSpec) -> Engine:
    """Build it, in this process."""
    match spec:
        case LlamaSpec(path, options):
            from demiurgic.engine.llama import LlamaEngine  # native code is loaded only where it runs

            return LlamaEngine(path, options)
        case ScriptedSpec(script):
            return ScriptedEngine(script)
