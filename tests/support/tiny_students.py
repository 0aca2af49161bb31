"""Small Hugging Face checkpoints of the real architectures, made in a moment: to be taught, and to be exported.

Weights are random. Tokenizers are byte-level BPE, learned from a page of text, with each family's own pre-tokenizer
pattern, special tokens, ends of a turn and chat template, so that the runtime takes them for what they imitate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from support.tiny_models import GLM4_TEMPLATE, GLM_SPECIALS
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from demiurgic.messages import User
from demiurgic.templates.chatml import QWEN_PERSONA
from demiurgic.templates.protocol import Vocabulary
from demiurgic.templates.smollm3 import SmolLM3

CONTEXT = 1024
_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
THREE_DIGITS = _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}" + _REST
"""How GLM-4, Llama 3 and SmolLM3 cut text into words."""
ONE_DIGIT = _CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}" + _REST
"""How Qwen2 does."""
_PAGE = """
def add(first, second):\n    return first + second\n\ndef greet(name: str) -> str:\n    return f"Hello, {name}!"\n
class Counter:\n    def __init__(self) -> None:\n        self.count = 0\n\n    def add(self, more: int) -> None:\n
for number in range(10):\n    if number % 2 == 0:\n        print(number)\n    else:\n        continue\n
import json\nfrom pathlib import Path\nwith Path(name).open() as file:\n    value = json.load(file)\n
What is the answer to this question? The answer is that the program returns the first number of the list.
Write a function that adds two numbers. Here is the function, and this is how you call it. Thank you, that is all.
Knowledge Cutoff Date Reasoning Mode Custom Instructions Metadata helpful assistant named trained by system user tool
你好，请问如何查询我的账户信息？意图：咨询（含查询）账户信息。谢谢你的帮助，再见。文件 函数 返回 名称 工具 描述 参数
1 2 3 4 5 6 7 8 9 10 20 100 2024 {"name": "read_file", "arguments": {"path": "main.py"}} <tool_call> </tool_call>
"""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One family's tokenizer and model. `makes` gives a model of so many tokens, so wide, with so many layers."""

    pattern: str
    specials: tuple[str, ...]
    ends: tuple[str, ...]
    template: str
    makes: Callable[["_Size"], Any]
    padding: str
    tags: tuple[str, ...] = ()
    beginning: str | None = None
    prefix: tuple[str, ...] = ()
    """What its tokenizer writes before every text."""
    normalizer: normalizers.Normalizer | None = None


@dataclass(frozen=True, slots=True)
class _Size:
    vocabulary: int
    hidden: int
    layers: int
    ends: list[int]
    padding: int
    beginning: int | None

    @property
    def common(self) -> dict[str, Any]:
        return {
            "vocab_size": self.vocabulary,
            "hidden_size": self.hidden,
            "intermediate_size": 2 * self.hidden,
            "num_hidden_layers": self.layers,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": CONTEXT,
            "initializer_range": 0.2,
            "eos_token_id": self.ends if len(self.ends) > 1 else self.ends[0],
            "bos_token_id": self.beginning,
            "pad_token_id": self.padding,
        }


def tiny_student(folder: Path, architecture: str, *, hidden: int = 64, layers: int = 2, seed: int = 0) -> Path:
    """A checkpoint of `glm4`, `glm`, `qwen2`, `smollm3` or `llama` in this folder, made unless it is there already.

    K-quants need a `hidden` that is a multiple of 256. SmolLM3 gets four layers at least, the last without RoPE.
    """
    if (folder / "config.json").is_file():
        return folder
    kind = KINDS[architecture]
    tokenizer = _tokenizer(kind)
    ids: Callable[[str], int] = tokenizer.convert_tokens_to_ids
    size = _Size(
        # As in the real ones, the model has room for tokens that its tokenizer never writes.
        vocabulary=len(tokenizer) + 64 - len(tokenizer) % 64,
        hidden=hidden,
        layers=layers,
        ends=[ids(end) for end in kind.ends],
        padding=ids(kind.padding),
        beginning=ids(kind.beginning) if kind.beginning else None,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = kind.makes(size)
        for name, values in model.named_parameters():
            if name.endswith("bias"):
                torch.nn.init.normal_(values, std=0.1)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    return folder


def _tokenizer(kind: _Kind) -> transformers.PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.normalizer = kind.normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(kind.pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        [_PAGE], trainers.BpeTrainer(vocab_size=640, initial_alphabet=alphabet, show_progress=False)
    )
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in kind.specials])
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=False) for text in kind.tags])
    if kind.prefix:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=[*kind.prefix, "$A"],
            pair=[*kind.prefix, "$A", "$B:1"],
            special_tokens=[(text, tokenizer.token_to_id(text)) for text in kind.prefix],
        )
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=kind.beginning,
        eos_token=kind.ends[0],
        pad_token=kind.padding,
        clean_up_tokenization_spaces=False,
        model_max_length=CONTEXT,
    )
    fast.chat_template = kind.template
    return fast


def _glm(size: _Size) -> Any:
    # As in glm-4-9b-chat-hf, where what is taken for granted elsewhere would give other numbers.
    rope = {"rope_type": "default", "rope_theta": 5000000.0, "partial_rotary_factor": 0.5}
    return transformers.GlmForCausalLM(
        transformers.GlmConfig(
            **size.common,
            head_dim=size.hidden // 4,
            attention_bias=True,
            rms_norm_eps=1.5625e-7,
            rope_parameters=rope,
        )
    )


def _glm4(size: _Size) -> Any:
    rope = {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5}
    return transformers.Glm4ForCausalLM(
        transformers.Glm4Config(
            **size.common, head_dim=size.hidden // 4, attention_bias=True, rms_norm_eps=1e-5, rope_parameters=rope
        )
    )


def _qwen2(size: _Size) -> Any:
    rope = {"rope_type": "default", "rope_theta": 1000000.0}
    return transformers.Qwen2ForCausalLM(
        transformers.Qwen2Config(**size.common, tie_word_embeddings=True, rms_norm_eps=1e-6, rope_parameters=rope)
    )


def _smollm3(size: _Size) -> Any:
    rope = {"rope_type": "default", "rope_theta": 5000000.0}
    common = {**size.common, "num_hidden_layers": max(4, size.layers)}
    return transformers.SmolLM3ForCausalLM(
        transformers.SmolLM3Config(**common, tie_word_embeddings=True, rms_norm_eps=1e-6, rope_parameters=rope)
    )


def _llama(size: _Size) -> Any:
    rope = {"rope_type": "default", "rope_theta": 500000.0}
    return transformers.LlamaForCausalLM(
        transformers.LlamaConfig(**size.common, tie_word_embeddings=False, rms_norm_eps=1e-5, rope_parameters=rope)
    )


_CHATML_TURNS = (
    "{% for m in messages %}{% if not (loop.first and m.role == 'system') %}"
    "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}"
)
_QWEN_TEMPLATE = (
    "{% if messages[0].role == 'system' %}<|im_start|>system\n{{ messages[0].content }}<|im_end|>\n"
    f"{{% else %}}<|im_start|>system\n{QWEN_PERSONA}<|im_end|>\n{{% endif %}}"
    f"{_CHATML_TURNS}{{% if add_generation_prompt %}}<|im_start|>assistant\n{{% endif %}}"
)
_LLAMA_TEMPLATE = (
    "{{ bos_token }}<|start_header_id|>system<|end_header_id|>\n\n"
    "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"
    "{% if messages[0].role == 'system' %}{{ messages[0].content | trim }}{% endif %}<|eot_id|>"
    "{% for m in messages %}{% if not (loop.first and m.role == 'system') %}"
    "<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content | trim }}<|eot_id|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
_LLAMA_SPECIALS = (
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eom_id|>",
    "<|eot_id|>",
    "<|python_tag|>",
    "<|finetune_right_pad_id|>",
)


def _smollm3_template() -> str:
    """Its header stands before the first turn, and says by what instructions the model thinks or does not."""

    def header(think: bool) -> str:
        segments = SmolLM3(Vocabulary({})).render((User("?"),), generate=False, think=think)
        return "".join(segment.text for segment in segments).partition("<|im_start|>user")[0]

    def asked(think: bool) -> str:
        before, custom, after = header(think).partition("## Custom Instructions\n\n")
        return (
            f"{before}{custom}{{% if messages[0].role == 'system' %}}{{{{ messages[0].content.rstrip() }}}}\n\n"
            f"<|im_end|>\n{{% else %}}{after}{{% endif %}}"
        )

    return (
        "{% if enable_thinking is not defined %}{% set enable_thinking = true %}{% endif %}"
        f"{{% if enable_thinking %}}{asked(True)}{{% else %}}{asked(False)}{{% endif %}}{_CHATML_TURNS}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n"
        "{% if not enable_thinking %}<think>\n\n</think>\n{% endif %}{% endif %}"
    )


_GLM_ENDS = ("<|endoftext|>", "<|user|>", "<|observation|>")
_GLM_PREFIX = ("[gMASK]", "<sop>")
KINDS = {
    "glm4": _Kind(THREE_DIGITS, GLM_SPECIALS, _GLM_ENDS, GLM4_TEMPLATE, _glm4, "<|endoftext|>", prefix=_GLM_PREFIX),
    "glm": _Kind(THREE_DIGITS, GLM_SPECIALS, _GLM_ENDS, GLM4_TEMPLATE, _glm, "<|endoftext|>", prefix=_GLM_PREFIX),
    "qwen2": _Kind(
        ONE_DIGIT,
        ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        ("<|im_end|>", "<|endoftext|>"),
        _QWEN_TEMPLATE,
        _qwen2,
        "<|endoftext|>",
        tags=("<tool_call>", "</tool_call>"),
        normalizer=normalizers.NFC(),
    ),
    "smollm3": _Kind(
        THREE_DIGITS,
        ("<|begin_of_text|>", "<|end_of_text|>", "<|im_start|>", "<|im_end|>"),
        ("<|im_end|>",),
        _smollm3_template(),
        _smollm3,
        "<|im_end|>",
        tags=("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"),
    ),
    "llama": _Kind(
        THREE_DIGITS,
        _LLAMA_SPECIALS,
        ("<|eot_id|>", "<|end_of_text|>", "<|eom_id|>"),
        _LLAMA_TEMPLATE,
        _llama,
        "<|finetune_right_pad_id|>",
        beginning="<|begin_of_text|>",
        prefix=("<|begin_of_text|>",),
    ),
}
