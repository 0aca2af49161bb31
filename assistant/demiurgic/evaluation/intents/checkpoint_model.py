"""A Hugging Face checkpoint on disk, loaded: its tokenizer and template, and the scores of a tree of answers.

A folder with `config.json`, or one with an adapter (`adapter_config.json`) whose base model is on this machine too.
Nothing is fetched, and no code that came with a checkpoint is run. torch and transformers are imported only here.
"""

import hashlib
import importlib.util
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path as File
from typing import Any

from demiurgic.errors import MissingExtra, ModelLoadError, first_line
from demiurgic.evaluation.intents.odds import Path, Reading, Tree
from demiurgic.evaluation.intents.wording import Wording
from demiurgic.templates.checkpoint import ADAPTER, CheckpointTokenizer, base_of

_ROWS = 64
"""Sequences in one forward pass behind the prompts. Their scores over a whole vocabulary are what fills memory."""


def is_checkpoint(folder: File) -> bool:
    """Whether this folder holds a checkpoint or an adapter."""
    return any((folder / name).is_file() for name in ("config.json", ADAPTER))


class CheckpointModel:
    """A checkpoint, ready to score answers."""

    def __init__(self, folder: File) -> None:
        for package in ("torch", "transformers"):
            if not importlib.util.find_spec(package):
                raise MissingExtra(f"{package}, which runs checkpoints,", "train")
        self.name, self.fingerprint = folder.resolve().name, _fingerprint(folder)
        base = base_of(folder) if (folder / ADAPTER).is_file() else folder
        native, self._model = _load(folder, base)
        self._tokenizer = CheckpointTokenizer(native)
        config = self._model.config
        template = self._tokenizer.template(config, self.name, base)
        self.wording = Wording(template, self._tokenizer, self._tokenizer.markers, self._tokenizer.beginning)
        self.context: int = getattr(config.get_text_config(), "max_position_embeddings", 0) or 2048

    def read(self, prompts: Sequence[Path], tree: Tree) -> list[Reading]:
        """How each prompt's answers are spread over the tree, all of it read. Raises MemoryError."""
        import torch

        try:
            with torch.inference_mode():
                return self._read(prompts, tree)
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise MemoryError(str(error)) from error

    def close(self) -> None:
        """Free the model."""
        import torch

        del self._model
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _read(self, prompts: Sequence[Path], tree: Tree) -> list[Reading]:
        import torch

        device, longest = self._model.device, max(map(len, prompts))
        padded = [[0] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
        seen = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        mask = torch.tensor(seen, device=device)
        places = (mask.cumsum(-1) - 1).clamp(min=0)
        begun = self._model(
            input_ids=torch.tensor(padded, device=device),
            attention_mask=mask,
            position_ids=places,
            use_cache=True,
            logits_to_keep=1,
        )
        scores: list[dict[Path, dict[int, float]]] = [{} for _ in prompts]
        _collect(scores, begun.logits[:, -1:], [()], tree)
        paths = [path for path in tree.children if path and not _goes_on(path, tree)]
        chunk = max(1, _ROWS // len(prompts))
        for start in range(0, len(paths), chunk):
            some = paths[start : start + chunk]
            _collect(scores, self._behind(begun.past_key_values, mask, some), some, tree)
        return [_taken(tree, told) for told in scores]

    def _behind(self, cache: Any, mask: Any, paths: Sequence[Path]) -> Any:  # noqa: ANN401 - tensors
        """The scores behind every token of these paths, for each prompt in turn."""
        import torch

        rows, longest = len(mask), max(map(len, paths))
        device = self._model.device
        tokens = torch.tensor([[*path, *[0] * (longest - len(path))] for path in paths], device=device)
        past = deepcopy(cache)
        past.batch_repeat_interleave(len(paths))
        before = mask.repeat_interleave(len(paths), 0)
        places = before.sum(-1, keepdim=True) + torch.arange(longest, device=device)
        # Padding stands behind what is asked about, where nothing sees it.
        whole = torch.cat([before, torch.ones_like(places)], 1)
        return self._model(
            input_ids=tokens.repeat(rows, 1),
            attention_mask=whole,
            position_ids=places,
            past_key_values=past,
            use_cache=True,
        ).logits


def _collect(
    scores: list[dict[Path, dict[int, float]]],
    logits: Any,  # noqa: ANN401 - a tensor
    paths: Sequence[Path],
    tree: Tree,
) -> None:
    """Note what may follow each path and each of its beginnings. Logits come by prompt, then path, then token."""
    logits = logits.float()
    logs = logits - logits.logsumexp(-1, keepdim=True)
    for row, told in enumerate(scores):
        for number, path in enumerate(paths):
            depths = range(1, len(path) + 1) if path else (0,)
            for depth in depths:
                if path[:depth] in tree.children and path[:depth] not in told:
                    tokens = tree.children[path[:depth]]
                    values = logs[row * len(paths) + number, max(0, depth - 1), tokens].tolist()
                    told[path[:depth]] = dict(zip(tokens, values, strict=True))


def _taken(tree: Tree, told: dict[Path, dict[int, float]]) -> Reading:
    reading = Reading(tree)
    for path in sorted(told, key=len):
        reading.take(path, told[path])
    return reading


def _goes_on(path: Path, tree: Tree) -> bool:
    """Whether a longer path of the tree passes here, so that this one is read with it."""
    return any((*path, token) in tree.children for token in tree.children[path])


def _load(folder: File, base: File) -> tuple[Any, Any]:
    import torch
    import transformers

    automatic: Any = transformers
    automatic.utils.logging.disable_progress_bar()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        model: Any = automatic.AutoModelForCausalLM.from_pretrained(base, local_files_only=True, dtype="auto")
        if base != folder:
            model = _adapted(model, folder)
        own = (folder / "tokenizer_config.json").is_file()
        tokenizer = automatic.AutoTokenizer.from_pretrained(folder if own else base, local_files_only=True)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise ModelLoadError(f"{folder} cannot be loaded: {first_line(error)}") from error
    return tokenizer, model.eval().to(device)


def _adapted(model: Any, folder: File) -> Any:  # noqa: ANN401 - transformers has no types to speak of
    if not importlib.util.find_spec("peft"):
        raise MissingExtra("peft, which runs adapters,", "train")
    import peft

    adapters: Any = peft
    return adapters.PeftModel.from_pretrained(model, str(folder), local_files_only=True)


def _fingerprint(folder: File) -> str:
    """Names the files by name, size and age. Reading gigabytes to name them would take longer than a quick run."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".safetensors", ".bin", ".json"))
    listed = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(repr(listed).encode()).hexdigest()
