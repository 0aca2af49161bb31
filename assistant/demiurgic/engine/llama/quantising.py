"""Writes a model file anew with smaller weights. To be run in a process of its own, which native code may take down:

    python -m demiurgic.engine.llama.quantising SOURCE TARGET FORM THREADS

The exit status is 0 and the target whole, or neither; what went wrong stands on standard error. Nothing is put in the
target's place but by llama.cpp itself: who calls names a file that nobody else reads yet.
"""

import ctypes
import sys
from pathlib import Path

from demiurgic.engine.llama.binding import lib, log
from demiurgic.errors import DemiurgicError, EngineError
from demiurgic_models.gguf import inspect

_FORMS = {
    "F32": lib.LLAMA_FTYPE_ALL_F32,
    "F16": lib.LLAMA_FTYPE_MOSTLY_F16,
    "BF16": lib.LLAMA_FTYPE_MOSTLY_BF16,
    "Q8_0": lib.LLAMA_FTYPE_MOSTLY_Q8_0,
    "Q6_K": lib.LLAMA_FTYPE_MOSTLY_Q6_K,
    "Q5_K_M": lib.LLAMA_FTYPE_MOSTLY_Q5_K_M,
    "Q4_K_M": lib.LLAMA_FTYPE_MOSTLY_Q4_K_M,
    "Q4_0": lib.LLAMA_FTYPE_MOSTLY_Q4_0,
}


def quantise(source: Path, target: Path, form: str, threads: int) -> None:
    """Write `source` to `target` in this form. Raises EngineError."""
    inspect(source)  # refuses what would make the native loader abort the process
    params = lib.llama_model_quantize_default_params()
    params.ftype, params.nthread = _FORMS[form], threads
    code: int = lib.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(params))
    if code != 0:
        raise EngineError(f"llama.cpp could not write {target} as {form}: {log.tail() or f'code {code}'}")


def main() -> int:
    """Do what the command line says."""
    source, target, form, threads = sys.argv[1:]
    try:
        quantise(Path(source), Path(target), form, int(threads))
    except DemiurgicError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
