"""Small GGUF models of real architectures with random weights, made in a moment with numpy and gguf alone.

They know nothing, but they run through the same native code as their big sisters, and sampling from them is the
hardest test of a grammar: they want nothing in particular.
"""

from pathlib import Path

import gguf
import numpy as np

GLM_SPECIALS = (
    "<|endoftext|>",
    "[MASK]",
    "[gMASK]",
    "[sMASK]",
    "<sop>",
    "<eop>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|observation|>",
)
GLM45_TAGS = (
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<arg_key>",
    "</arg_key>",
    "<arg_value>",
    "</arg_value>",
)
WORDS = ("the", "def", "return", "import", "self", "name", "path", "true", "false", "null", "value", "你好", "文件")
LAYERS, WIDTH, HEADS, KV_HEADS, HEAD, INNER, CONTEXT = 2, 64, 4, 2, 16, 128, 4096
GLM4_TEMPLATE = (
    "[gMASK]<sop>{%- for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{%- endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
GLM45_TEMPLATE = "[gMASK]<sop>{# <arg_key> <tool_call>{function-name} #}"
GLM47_TEMPLATE = (
    "[gMASK]<sop>{# <tool_call>{function-name}<arg_key> #}{%- for m in messages %}<|{{ m.role }}|>"
    "{% if m.role == 'assistant' %}</think>{% endif %}{{ m.content }}{%- endfor %}"
    "{% if add_generation_prompt %}<|assistant|><think>{% endif %}"
)


def byte_alphabet() -> dict[int, str]:
    """GPT-2's way of showing bytes as printable characters."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    extra = iter(range(256, 512))
    return {byte: chr(byte if byte in shown else next(extra)) for byte in range(256)}


def byte_level_vocabulary(specials: tuple[str, ...], tags: tuple[str, ...]) -> tuple[list[str], list[int], list[str]]:
    """All bytes, the pieces of some words, and the special tokens: names, kinds and merges."""
    shown = byte_alphabet()
    tokens, merges = list(shown.values()), []
    for word in (spelled for base in WORDS for spelled in (base, " " + base)):
        letters = [shown[byte] for byte in word.encode()]
        built = letters[0]
        for letter in letters[1:]:
            if built + letter not in tokens:
                merges.append(f"{built} {letter}")
                tokens.append(built + letter)
            built += letter
    kinds = [gguf.TokenType.NORMAL] * len(tokens)
    kinds += [gguf.TokenType.CONTROL] * len(specials) + [gguf.TokenType.USER_DEFINED] * len(tags)
    return [*tokens, *specials, *tags], kinds, merges


def make_glm(
    path: Path,
    *,
    arch: str = "glm4",
    seed: int = 0,
    tags: tuple[str, ...] = (),
    template: str = "",
    framed: bool = False,
) -> Path:
    """Glm (arch chatglm) or Glm4 with a byte-level vocabulary; with GLM-4.5's tags if asked for. A framed one wants
    every text between two tokens of its own, as models for embeddings do."""
    tokens, kinds, merges = byte_level_vocabulary(GLM_SPECIALS, tags)
    writer = _writer(path, arch, len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("glm4" if arch == "glm4" else "chatglm-bpe")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_eos_token_id(tokens.index("<|endoftext|>"))
    writer.add_eot_token_id(tokens.index("<|user|>"))
    writer.add_eom_token_id(tokens.index("<|observation|>"))
    writer.add_pad_token_id(tokens.index("<|endoftext|>"))
    if framed:
        writer.add_bos_token_id(tokens.index("<sop>"))
    writer.add_add_bos_token(framed)
    writer.add_add_eos_token(framed)
    writer.add_chat_template(template or (GLM45_TEMPLATE if tags else GLM4_TEMPLATE))
    return _finish(writer, path, arch, len(tokens), seed)


def make_chatglm3(path: Path, *, seed: int = 0, name: str = "") -> Path:
    """The fused layout of ChatGLM2, ChatGLM3 and CharacterGLM (told by its name), with a sentencepiece vocabulary."""
    specials = (
        "[MASK]",
        "[gMASK]",
        "[sMASK]",
        "sop",
        "eop",
        "<|system|>",
        "<|user|>",
        "<|assistant|>",
        "<|observation|>",
    )
    words = ["▁", "\n", *("▁" + word for word in WORDS), *WORDS, *(chr(code) for code in range(33, 127))]
    base = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens = [*base, *dict.fromkeys(words), *specials]
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    kinds += [gguf.TokenType.BYTE] * 256 + [gguf.TokenType.NORMAL] * (len(tokens) - len(base) - len(specials))
    kinds += [gguf.TokenType.CONTROL] * len(specials)
    writer = _writer(path, "chatglm", len(tokens), name)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("chatglm-spm")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(number) for number in range(len(tokens))])
    writer.add_token_types(kinds)
    writer.add_eos_token_id(2)
    writer.add_eot_token_id(tokens.index("<|user|>"))
    writer.add_eom_token_id(tokens.index("<|observation|>"))
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(False)
    return _finish(writer, path, "chatglm", len(tokens), seed)


def make_mamba(path: Path, *, seed: int = 0) -> Path:
    """A recurrent model: what it has read cannot be taken back token by token."""
    tokens, kinds, merges = byte_level_vocabulary(("<|endoftext|>",), ())
    inner, state, conv, rank = 2 * WIDTH, 16, 4, 4
    writer = gguf.GGUFWriter(path, "mamba")
    writer.add_name("tiny-mamba")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_block_count(LAYERS)
    writer.add_ssm_conv_kernel(conv)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(rank)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_eos_token_id(tokens.index("<|endoftext|>"))
    random = np.random.default_rng(seed)

    def add(name: str, *shape: int, scale: float = 0.1) -> None:
        writer.add_tensor(name, (random.standard_normal(shape) * scale).astype(np.float32))

    add("token_embd.weight", len(tokens), WIDTH, scale=1.0)
    add("output.weight", len(tokens), WIDTH, scale=0.3)
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    for layer in range(LAYERS):
        name = f"blk.{layer}"
        writer.add_tensor(f"{name}.attn_norm.weight", np.ones(WIDTH, np.float32))
        add(f"{name}.ssm_in.weight", 2 * inner, WIDTH)
        add(f"{name}.ssm_conv1d.weight", inner, conv, scale=0.5)
        add(f"{name}.ssm_conv1d.bias", inner)
        add(f"{name}.ssm_x.weight", rank + 2 * state, inner)
        add(f"{name}.ssm_dt.weight", inner, rank)
        add(f"{name}.ssm_dt.bias", inner)
        writer.add_tensor(f"{name}.ssm_a", -np.tile(np.arange(1, state + 1, dtype=np.float32), (inner, 1)))
        writer.add_tensor(f"{name}.ssm_d", np.ones(inner, np.float32))
        add(f"{name}.ssm_out.weight", WIDTH, inner)
    return _written(writer, path)


def make_lora(path: Path, *, seed: int = 1) -> Path:
    """A LoRA adapter for the tiny Glm4."""
    writer = gguf.GGUFWriter(path, "glm4")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 8.0)
    random = np.random.default_rng(seed)
    for layer in range(LAYERS):
        name = f"blk.{layer}.attn_q.weight"
        writer.add_tensor(f"{name}.lora_a", random.standard_normal((4, WIDTH)).astype(np.float32))
        writer.add_tensor(f"{name}.lora_b", random.standard_normal((HEADS * HEAD, 4)).astype(np.float32))
    return _written(writer, path)


def _writer(path: Path, arch: str, vocabulary: int, name: str = "") -> gguf.GGUFWriter:
    writer = gguf.GGUFWriter(path, arch)
    writer.add_name(name or f"tiny-{arch}")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(HEAD // 2)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_vocab_size(vocabulary)
    return writer


def _finish(writer: gguf.GGUFWriter, path: Path, arch: str, vocabulary: int, seed: int) -> Path:
    random = np.random.default_rng(seed)

    def add(name: str, *shape: int, scale: float = 0.25) -> None:
        writer.add_tensor(name, (random.standard_normal(shape) * scale).astype(np.float32))

    def ones(name: str) -> None:
        writer.add_tensor(name, np.ones(WIDTH, np.float32))

    q_rows, kv_rows = HEADS * HEAD, KV_HEADS * HEAD
    add("token_embd.weight", vocabulary, WIDTH, scale=1.0)
    add("output.weight", vocabulary, WIDTH, scale=0.3)
    ones("output_norm.weight")
    for layer in range(LAYERS):
        name = f"blk.{layer}"
        ones(f"{name}.attn_norm.weight")
        ones(f"{name}.ffn_norm.weight")
        if arch == "glm4":
            ones(f"{name}.post_attention_norm.weight")
            ones(f"{name}.post_ffw_norm.weight")
            for part, rows in (("q", q_rows), ("k", kv_rows), ("v", kv_rows)):
                add(f"{name}.attn_{part}.weight", rows, WIDTH)
                add(f"{name}.attn_{part}.bias", rows)
        else:
            add(f"{name}.attn_qkv.weight", q_rows + 2 * kv_rows, WIDTH)
            add(f"{name}.attn_qkv.bias", q_rows + 2 * kv_rows)
        add(f"{name}.attn_output.weight", WIDTH, q_rows)
        add(f"{name}.ffn_up.weight", 2 * INNER, WIDTH)
        add(f"{name}.ffn_down.weight", WIDTH, INNER)
    return _written(writer, path)


def _written(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
