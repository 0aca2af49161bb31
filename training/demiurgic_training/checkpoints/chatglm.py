"""ChatGLM2, ChatGLM3 and CharacterGLM as transformers' own Glm, so that no code of a checkpoint is ever run.

Their layout is Glm's with queries, keys and values in one matrix. A folder of that layout is written anew once, into
the user's cache; every other folder is left as it is. GLM-4's own remote-code folders are not of this kind: their
vocabulary is another, and there is a native one to fetch.
"""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

from filelock import FileLock
from platformdirs import user_cache_path

from demiurgic.errors import UserError
from demiurgic_training.checkpoints.chatglm_weights import Heads, convert_weights, weight_files
from demiurgic_training.checkpoints.naming import called
from demiurgic_training.checkpoints.sentencepiece import read_pieces
from demiurgic_training.checkpoints.spelling import spelled

_MARKS = ("[MASK]", "[gMASK]", "[sMASK]", "sop", "eop")
_ROLES = ("<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")
_ENDING_ROLES = ("<|user|>", "<|observation|>")
_EXPECTED = {
    "rmsnorm": True,
    "post_layer_norm": True,
    "apply_residual_connection_post_layernorm": False,
    "add_bias_linear": False,
    "original_rope": True,
}
_RANKED = re.compile(rb"[A-Za-z0-9+/=]+ \d+\n")
"""How the other kind of vocabulary begins, which GLM-4 has."""
_FORM = "1"
"""Of the folders in the cache; a newer one is made beside those of an older form."""


def native_checkpoint(folder: Path, cache: Path | None = None) -> Path:
    """The folder itself, or for ChatGLM2, ChatGLM3 and CharacterGLM one that says the same natively."""
    config = _config(folder)
    if not _is_fused(config):
        return folder
    _check(folder, config)
    name = Path(called(str(folder.resolve()))).name
    place = (cache or user_cache_path("demiurgic") / "native") / f"{name}-{_fingerprint(folder)}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(place.with_name(f"{place.name}.lock")):
        if not place.is_dir():
            _convert(folder, config, place)
    return place


def native_description(folder: Path, place: Path) -> Path:
    """The same without weights, which need not be there: written into `place` where the folder is not native itself."""
    config = _config(folder)
    if not _is_fused(config):
        return folder
    _check(folder, config)
    _describe(folder, config, place)
    return place


def _is_fused(config: dict[str, Any]) -> bool:
    return config.get("model_type") == "chatglm" and "padded_vocab_size" in config


def _config(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / "config.json").read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"{folder / 'config.json'} cannot be read: {error}") from error


def _check(folder: Path, config: dict[str, Any]) -> None:
    """Refuse what would come out as another model."""
    wrong = [name for name, value in _EXPECTED.items() if config.get(name, value) != value]
    if wrong:
        raise UserError(f"{folder} sets {wrong[0]} to {config[wrong[0]]}, for which Glm has no place")
    if not (folder / "tokenizer.model").is_file():
        raise UserError(f"{folder} has no tokenizer.model")
    if _RANKED.match((folder / "tokenizer.model").read_bytes()[:256]):
        raise UserError(f"{folder} is GLM-4 with remote code", "use its native checkpoint: THUDM/glm-4-9b-chat-hf")
    if config.get("rope_ratio", 1) != 1 and "/ self.rope_ratio" in _source(folder, "modeling_chatglm.py"):
        raise UserError(f"{folder} stretches positions by rope_ratio, for which Glm has no place")


def _convert(folder: Path, config: dict[str, Any], place: Path) -> None:
    beside = place.with_name(f"{place.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    try:
        native = _describe(folder, config, beside)
        head = native.head_dim
        heads = Heads(native.num_attention_heads * head, native.num_key_value_heads * head)
        convert_weights(folder, beside, heads)
        beside.replace(place)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _describe(folder: Path, config: dict[str, Any], place: Path) -> Any:  # noqa: ANN401 - transformers has no types
    """Write tokenizer and settings, and give the latter."""
    tokenizer = spelled(read_pieces(folder / "tokenizer.model"), _specials(folder))
    tokenizer.save_pretrained(place)
    native = _native_config(config, tokenizer)
    native.save_pretrained(place)
    _generation(native).save_pretrained(place)
    return native


def _native_config(config: dict[str, Any], tokenizer: Any) -> Any:  # noqa: ANN401 - transformers has no types to speak of
    from transformers import GlmConfig

    heads = config["num_attention_heads"]
    ends = [tokenizer.eos_token_id]
    ends += [number for role in _ENDING_ROLES if (number := tokenizer.get_vocab().get(role)) is not None]
    rope = {
        "rope_type": "default",
        "rope_theta": 10000.0 * config.get("rope_ratio", 1),
        "partial_rotary_factor": 0.5,
    }
    native: Any = GlmConfig(
        vocab_size=config["padded_vocab_size"],
        hidden_size=config["hidden_size"],
        intermediate_size=config["ffn_hidden_size"],
        num_hidden_layers=config["num_layers"],
        num_attention_heads=heads,
        num_key_value_heads=config["multi_query_group_num"] if config.get("multi_query_attention") else heads,
        head_dim=config["kv_channels"],
        attention_bias=bool(config.get("add_qkv_bias")),
        rms_norm_eps=config["layernorm_epsilon"],
        max_position_embeddings=config["seq_length"],
        rope_parameters=rope,
        tie_word_embeddings=bool(config.get("tie_word_embeddings")),
        bos_token_id=None,
        eos_token_id=ends,
        pad_token_id=tokenizer.pad_token_id,
    )
    native.architectures = ["GlmForCausalLM"]
    native.dtype = config.get("torch_dtype")
    return native


def _generation(native: Any) -> Any:  # noqa: ANN401 - transformers has no types to speak of
    from transformers import GenerationConfig

    return GenerationConfig(eos_token_id=native.eos_token_id, pad_token_id=native.pad_token_id)


def _specials(folder: Path) -> tuple[str, ...]:
    """What the model's own tokenizer adds to the vocabulary file. ChatGLM2 has no tokens for roles; which of the two a
    folder is stands in its tokenizer's settings or source, which is read as text."""
    told = _source(folder, "tokenizer_config.json") + _source(folder, "tokenization_chatglm.py")
    return (*_MARKS, *_ROLES) if "<|user|>" in told else _MARKS


def _source(folder: Path, name: str) -> str:
    file = folder / name
    return file.read_text("utf-8", "replace") if file.is_file() else ""


def _fingerprint(folder: Path) -> str:
    """Names the files by name, size and age, as reading gigabytes would take minutes."""
    files = [folder / "config.json", folder / "tokenizer.model", *weight_files(folder)]
    listed = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(repr((_FORM, listed)).encode()).hexdigest()[:16]
