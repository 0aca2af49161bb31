"""A small checkpoint in the layout of ChatGLM2 and ChatGLM3, as their makers published it: fused matrices, names of
their own, a sentencepiece vocabulary, and code beside it that nobody may run."""

import json
import struct
from pathlib import Path

import torch
from safetensors.torch import save_file

CONTEXT = 512
ROLES = ("<|system|>", "<|user|>", "<|assistant|>", "<|observation|>")
WORDS = ("hello", "the", "def", "return", "name", "value", "import", "read", "file", "answer", "你好", "请问", "账户")
_TRAP = "raise SystemExit('code of a checkpoint was run')\n"


def make_chatglm(
    folder: Path, *, roles: bool = True, hidden: int = 64, layers: int = 2, seed: int = 0, old_form: bool = False
) -> Path:
    """ChatGLM3, or without `roles` ChatGLM2 and CharacterGLM; its weights as safetensors or in the older form."""
    folder.mkdir(parents=True)
    pieces = vocabulary()
    (folder / "tokenizer.model").write_bytes(sentencepiece(pieces))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "ChatGLMTokenizer", "auto_map": {"AutoTokenizer": ["tokenization_chatglm.C"]}})
    )
    told = f"role_special_tokens = {list(ROLES)}\n" if roles else ""
    (folder / "tokenization_chatglm.py").write_text(told + _TRAP)
    (folder / "modeling_chatglm.py").write_text(_TRAP)
    config = {
        "model_type": "chatglm",
        "architectures": ["ChatGLMModel"],
        "auto_map": {"AutoConfig": "configuration_chatglm.ChatGLMConfig", "AutoModel": "modeling_chatglm.M"},
        "padded_vocab_size": len(pieces) + 40,
        "hidden_size": hidden,
        "ffn_hidden_size": 2 * hidden,
        "num_layers": layers,
        "num_attention_heads": 4,
        "multi_query_attention": True,
        "multi_query_group_num": 2,
        "kv_channels": hidden // 4,
        "seq_length": CONTEXT,
        "layernorm_epsilon": 1e-5,
        "add_bias_linear": False,
        "add_qkv_bias": True,
        "rmsnorm": True,
        "post_layer_norm": True,
        "apply_residual_connection_post_layernorm": False,
        "original_rope": True,
        "torch_dtype": "float32",
    }
    (folder / "config.json").write_text(json.dumps(config))
    tensors = _tensors(config, seed)
    if old_form:
        torch.save(tensors, folder / "pytorch_model-00001-of-00001.bin")
    else:
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def vocabulary() -> list[tuple[str, float, int]]:
    """Texts, scores and kinds. Every beginning of a word is a token, so that merges lead to it."""
    pieces = [("<unk>", 0.0, 2), ("<s>", 0.0, 3), ("</s>", 0.0, 3)]
    pieces += [(f"<0x{byte:02X}>", 0.0, 6) for byte in range(256)]
    texts: dict[str, None] = {}
    for word in ("▁▁", "▁▁▁▁", *("▁" + word for word in WORDS), *WORDS):
        texts |= dict.fromkeys(word[:end] for end in range(2, len(word) + 1))
    letters = dict.fromkeys(["▁", *"".join(WORDS), *map(chr, range(33, 127))])
    return pieces + [(text, -float(number), 1) for number, text in enumerate([*texts, *letters])]


def sentencepiece(pieces: list[tuple[str, float, int]]) -> bytes:
    """The pieces as such a vocabulary file holds them, learned by merging."""
    data = b""
    for text, score, kind in pieces:
        spelled = text.encode()
        data += _held(1, _held(1, spelled) + b"\x15" + struct.pack("<f", score) + b"\x18" + bytes([kind]))
    return data + _held(2, b"\x18\x02") + _held(3, _held(1, b"identity"))


def _held(field: int, data: bytes) -> bytes:
    size, length = len(data), b""
    while size > 0x7F:
        length += bytes([size & 0x7F | 0x80])
        size >>= 7
    return bytes([field << 3 | 2]) + length + bytes([size]) + data


def _tensors(config: dict, seed: int) -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    hidden, inner, head = config["hidden_size"], config["ffn_hidden_size"], config["kv_channels"]
    rows = head * (config["num_attention_heads"] + 2 * config["multi_query_group_num"])

    def drawn(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=random) * 0.2

    tensors = {
        "transformer.embedding.word_embeddings.weight": drawn(config["padded_vocab_size"], hidden),
        "transformer.rotary_pos_emb.inv_freq": torch.ones(head // 4),
        "transformer.encoder.final_layernorm.weight": 1 + drawn(hidden),
        "transformer.output_layer.weight": drawn(config["padded_vocab_size"], hidden),
    }
    for layer in range(config["num_layers"]):
        name = f"transformer.encoder.layers.{layer}"
        tensors |= {
            f"{name}.input_layernorm.weight": 1 + drawn(hidden),
            f"{name}.post_attention_layernorm.weight": 1 + drawn(hidden),
            f"{name}.self_attention.query_key_value.weight": drawn(rows, hidden),
            f"{name}.self_attention.query_key_value.bias": drawn(rows),
            f"{name}.self_attention.dense.weight": drawn(hidden, head * config["num_attention_heads"]),
            f"{name}.mlp.dense_h_to_4h.weight": drawn(2 * inner, hidden),
            f"{name}.mlp.dense_4h_to_h.weight": drawn(hidden, inner),
        }
    return tensors
