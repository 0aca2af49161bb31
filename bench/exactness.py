"""Whether drafts change what is written: functions written again with one change, greedy, with drafts and without.

Run as `python -m bench.exactness [COUNT]`. Asked twice: of smollm2-135m with its weights and its past in float32, where
a batch of many rows rounds as one row does but for the last bits, and of qwen2.5-coder-0.5b as it is used.
"""

import ctypes
import sys
import tempfile
from pathlib import Path

from bench.ours import opened, run
from bench.questions import SMALL
from bench.tasks import edits
from demiurgic.config import load_settings
from demiurgic.engine.llama.binding import lib

TINY = "SmolLM2-135M-Instruct.Q4_1.gguf"
LENGTH = 200


def compare(model: Path, count: int, length: int, **options: str) -> str:
    same = accepted = drafted = written = 0
    plain_seconds = quick_seconds = 0.0
    with opened(str(model), **options) as engine:
        for number, edit in enumerate(edits(count)):
            prompt = engine.tokenize(edit.prompt)
            run(engine, prompt, 1)
            plain = run(engine, prompt, length)
            quick = run(engine, prompt, length, draft=tuple(engine.tokenize(edit.code)))
            same += plain.tokens == quick.tokens
            accepted, drafted = accepted + quick.done.accepted, drafted + quick.done.drafted
            written += len(quick.tokens)
            plain_seconds += plain.last - plain.first
            quick_seconds += quick.last - quick.first
            if number % 20 == 19:
                print(f"  {same} of {number + 1} the same", flush=True)
    return (
        f"{same} of {count} outputs identical token for token; {written} tokens, {accepted} of {drafted} drafted "
        f"accepted, {plain_seconds / quick_seconds:.2f} times as fast"
    )


def unquantised(source: Path, target: Path) -> Path:
    """The same weights, each as a float32."""
    params = lib.llama_model_quantize_default_params()
    params.ftype, params.allow_requantize = 0, True  # 0: all of it in float32
    if lib.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(params)) != 0:
        raise SystemExit(f"{source} could not be converted")
    return target


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    models = load_settings(Path.cwd()).models_dir
    with tempfile.TemporaryDirectory() as folder:
        whole = unquantised(models / TINY, Path(folder) / "f32.gguf")
        print("smollm2-135m, float32:", compare(whole, count, 100, kv_type="f32"), flush=True)
    print("qwen2.5-coder-0.5b, Q4_K_M:", compare(models / SMALL, count, LENGTH))


if __name__ == "__main__":
    main()
