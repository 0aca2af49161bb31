"""An adapter becomes part of its base's weights, and both are asked the same to see that they answer alike.

Weights are merged in BF16 or F32, never in four bits: what QLoRA taught is added to the base as it was published.
What P-tuning taught cannot be merged, because it is no change of weights.
"""

import hashlib
import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from demiurgic.errors import UserError, WorkError
from demiurgic.templates.checkpoint import read_adapter
from demiurgic_models.files import sync, sync_folder
from demiurgic_training.checkpoints.tensors import saving
from demiurgic_training.exporting.answers import Scores
from demiurgic_training.exporting.corpus import HELD_OUT
from demiurgic_training.exporting.reference import scores
from demiurgic_training.exporting.sources import base_of

_MERGEABLE = ("LORA",)
_NOTE = "merged.json"
_ALLOWED = {"float32": 1e-3, "bfloat16": 6e-2}
"""Largest difference of logits before and after, as a share of the largest. BF16 has three digits, and the sum is
rounded to them once more."""


def merged(adapter: Path, target: Path) -> Path:
    """The target, holding the adapter's base with the adapter in it: made anew unless it is there from the same.
    Raises UserError for what cannot be merged, and WorkError where merging changed what the model says."""
    check_mergeable(adapter)
    origin = fingerprint(adapter)
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(target.with_name(f".{target.name}.lock")):  # two exports of one run, under two names
        if _origin(target) != origin:
            _make(adapter, target, origin)
    return target


def _make(adapter: Path, target: Path, origin: str) -> None:
    beside = target.with_name(f"{target.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        difference = _merge(adapter, base_of(adapter), beside)
        (beside / _NOTE).write_text(json.dumps({"adapter": origin, "difference": difference}), "utf-8")
        sync_folder(beside)
        shutil.rmtree(target, ignore_errors=True)
        beside.replace(target)
        sync(target.parent)
    except OSError as error:
        raise WorkError(f"the merged model could not be written to {beside}: {error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def room_of_merged(adapter: Path, target: Path, parameters: int) -> int:
    """Bytes that the target will take beside what is there."""
    if _origin(target) == fingerprint(adapter):
        return 0
    return parameters * (2 if _precision(base_of(adapter)) == "bfloat16" else 4)


def check_mergeable(adapter: Path) -> None:
    """Raises UserError for an adapter that no export can hold."""
    kind = str(read_adapter(adapter).get("peft_type"))
    if kind in _MERGEABLE:
        return
    if "TUNING" in kind:
        raise UserError(
            f"{adapter} was taught by P-tuning: keys and values beside the weights, for which a GGUF has no place",
            "teach the same rows with weights.kind=lora, or use it as a checkpoint",
        )
    raise UserError(
        f"{adapter} is an adapter of the kind {kind}, which cannot be merged", "teach with weights.kind=lora"
    )


def fingerprint(adapter: Path) -> str:
    """Names what was learned by its bytes."""
    digest = hashlib.sha256()
    for file in sorted(adapter.glob("adapter_*")):
        digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _origin(target: Path) -> str | None:
    try:
        return json.loads((target / _NOTE).read_text("utf-8"))["adapter"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError):  # left by something else, or damaged: it is made anew
        return None


def _merge(adapter: Path, base: Path, target: Path) -> float:
    """Merge, and return by how much the logits moved, as a share of the largest."""
    import peft
    import torch
    import transformers

    automatic: Any = transformers
    adapters: Any = peft
    automatic.utils.logging.disable_progress_bar()
    precision = _precision(base)
    model = automatic.AutoModelForCausalLM.from_pretrained(base, local_files_only=True, dtype=getattr(torch, precision))
    own = (adapter / "tokenizer_config.json").is_file()
    tokenizer = automatic.AutoTokenizer.from_pretrained(adapter if own else base, local_files_only=True)
    texts = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in HELD_OUT]
    with torch.inference_mode(), warnings.catch_warnings():
        # What peft and transformers have to settle between them is of no use to whoever exports.
        warnings.simplefilter("ignore", FutureWarning)
        adapted = adapters.PeftModel.from_pretrained(model, str(adapter), local_files_only=True).eval()
        before = [scores(adapted, text) for text in texts]
        whole = adapted.merge_and_unload(safe_merge=True)
        after = [scores(whole, text) for text in texts]
    moved = _moved(before, after)
    if not moved <= _ALLOWED[precision]:
        raise WorkError(f"merged, the model says something else: its logits moved by {moved:.1%} of the largest")
    with saving(target):
        whole.save_pretrained(target)
        tokenizer.save_pretrained(target)
    return moved


def _precision(base: Path) -> str:
    """What to merge in: as the base was published, where that has room for the sum."""
    import transformers

    automatic: Any = transformers
    config = automatic.AutoConfig.from_pretrained(base, local_files_only=True)
    if getattr(config, "quantization_config", None):
        raise UserError(f"{base} holds quantised weights, into which nothing is merged", "name the base as published")
    return "bfloat16" if str(config.dtype) == "torch.bfloat16" else "float32"


def _moved(before: list[Scores], after: list[Scores]) -> float:
    largest = max(float(np.abs(rows).max()) for rows in before)
    return max(float(np.abs(one - other).max()) for one, other in zip(before, after, strict=True)) / largest
