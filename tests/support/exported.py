"""Short ways from a tiny checkpoint to a certified file, and files that were broken on the way."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import peft
import torch
import transformers
from support.tiny_chatglm import make_chatglm
from support.tiny_students import tiny_student

from demiurgic.messages import Message, Tool
from demiurgic.templates.encoding import encode, token_mask
from demiurgic_training.checkpoints import native_checkpoint
from demiurgic_training.exporting.answers import Reference, read_reference
from demiurgic_training.exporting.checkpoint import Checkpoint
from demiurgic_training.exporting.gguf_writer import write_gguf
from demiurgic_training.exporting.layouts import layout_of
from demiurgic_training.exporting.measuring import Measured, measure
from demiurgic_training.exporting.parity import Check, checks
from demiurgic_training.exporting.reference import make_reference

ARCHITECTURES = ("glm", "glm4", "chatglm3", "smollm3", "qwen2", "llama")


def base(folder: Path, architecture: str, **size: int) -> Path:
    """A checkpoint; `chatglm3` is one in its makers' own layout."""
    if architecture != "chatglm3":
        return tiny_student(folder / architecture, architecture, **size)
    place = folder / architecture
    return place if place.is_dir() else make_chatglm(place, **size)


def adapter(folder: Path, of: Path, *, dora: bool = False, seed: int = 1) -> Path:
    """An adapter that changes what the checkpoint says."""
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # between peft and transformers
        torch.manual_seed(seed)
        model = transformers.AutoModelForCausalLM.from_pretrained(native_checkpoint(of))
        wish = peft.LoraConfig(
            r=4,
            lora_alpha=16,
            target_modules="all-linear",
            init_lora_weights=dora,
            use_dora=dora,
            task_type="CAUSAL_LM",
        )
        adapted = peft.get_peft_model(model, wish)
        if dora:
            for name, values in adapted.named_parameters():
                if "lora_B" in name or "magnitude" in name:
                    values.data += 0.05 * torch.randn_like(values)
        adapted.peft_config["default"].base_model_name_or_path = str(of)
        adapted.save_pretrained(folder, save_embedding_layers=False)
    return folder


def exact(checkpoint: Checkpoint, folder: Path) -> tuple[Path, Path]:
    """The exact file, and the folder with what the checkpoint says."""
    folder.mkdir(parents=True, exist_ok=True)
    layout = layout_of(checkpoint.config)
    file = folder / "exact.gguf"
    write_gguf(checkpoint, layout, "tiny", file)
    make_reference(checkpoint, layout, folder)
    return file, folder


def verdict(file: Path, folder: Path) -> tuple[list[Check], Measured, Reference]:
    """What the certificate says of a file."""
    reference, heard = read_reference(folder)
    measured = measure(reference, heard, file)
    return checks(reference, measured, exact=True), measured, reference


def failed(found: Sequence[Check]) -> set[str]:
    """Names of the checks that it did not pass."""
    return {check.name for check in found if not check.passed}


def rewritten(source: Path, target: Path, changes: Mapping[str, Any]) -> Path:
    """The same file with other fields in its header; None takes one out."""
    reader = gguf.GGUFReader(source)
    architecture = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(target, architecture)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        value = changes.get(name, field.contents())
        if value is not None:
            kinds = field.types
            writer.add_key_value(name, value, kinds[0], kinds[-1] if len(kinds) > 1 else None)
    for name in changes.keys() - reader.fields.keys():
        writer.add_uint32(name, changes[name])
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data.copy(), raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def teach(folder: Path, lessons: Sequence[tuple[Sequence[Message], Sequence[Tool]]], *, steps: int = 120) -> float:
    """Let a checkpoint learn these conversations by heart, what the assistant wrote and nothing else. The last loss."""
    checkpoint = Checkpoint(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    rows = []
    for conversation, tools in lessons:
        segments = checkpoint.template.render(conversation, tools, generate=False)
        tokens, mask = token_mask(encode(segments, checkpoint.tokenizer, checkpoint.tokenizer.markers))
        begun = [] if checkpoint.tokenizer.beginning in (None, tokens[0]) else [checkpoint.tokenizer.beginning]
        rows.append(([*begun, *tokens], [False] * len(begun) + mask))
    longest = max(len(tokens) for tokens, _ in rows)
    ids = torch.tensor([tokens + [0] * (longest - len(tokens)) for tokens, _ in rows])
    labels = torch.tensor(
        [
            [token if learned else -100 for token, learned in zip(tokens, mask, strict=True)]
            + [-100] * (longest - len(tokens))
            for tokens, mask in rows
        ]
    )
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.0)
    loss = torch.tensor(9.0)
    for _ in range(steps):
        loss = model(input_ids=ids, labels=labels).loss
        if loss.item() < 0.02:
            break
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    model.save_pretrained(folder)
    return loss.item()
