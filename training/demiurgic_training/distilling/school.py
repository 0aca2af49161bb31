"""A tiny GLM-4 that has been to school: a student for loops that run in minutes on any machine.

    python -m demiurgic_training.distilling.school FOLDER

writes its shape, its tokenizer and its first lessons: functions of one part or two. `demiurgic train` then teaches it
from random weights. It has seen list comprehensions, and nothing else.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demiurgic.evaluation.problems import Problem
from demiurgic.evaluation.prompts import prompt_form
from demiurgic.messages import Assistant
from demiurgic_training.checkpoints.cutting import THREE_DIGITS
from demiurgic_training.distilling.functions import easy_functions, make_functions
from demiurgic_training.files import write_items
from demiurgic_training.rows import Row
from demiurgic_training.tuning.recipe import Adapter, Data, Optimiser, Precision, Recipe, Running, Schedule, Weights

LESSONS, SHAPE = "lessons.jsonl", "shape"
_LESSONS, _STEPS, _BATCH = 3000, 500, 16
_WIDTH, _LAYERS, _HEADS, _CONTEXT = 128, 3, 4, 1024
_SPECIALS = (
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
_ENDS = ("<|endoftext|>", "<|user|>", "<|observation|>")
_TEMPLATE = (
    "[gMASK]<sop>{%- for m in messages %}<|{{ m.role }}|>\n{{ m.content }}{%- endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_TOKENS = 1024


def enrol(folder: Path, prompt: str) -> None:
    """Write shape, tokenizer and first lessons, put as `prompt` puts problems."""
    import transformers

    lessons = [_lesson(prompt, problem) for problem in easy_functions(_LESSONS, 0)]
    words = [_lesson(prompt, problem) for problem in make_functions(_LESSONS // 8, 0, 0).learned]
    write_items(folder / LESSONS, lessons)
    tokenizer = _tokenizer([message.text for row in (*lessons, *words) for message in row.messages])
    ids = tokenizer.convert_tokens_to_ids
    config: Any = transformers.Glm4Config(
        vocab_size=_TOKENS,
        hidden_size=_WIDTH,
        intermediate_size=2 * _WIDTH,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        num_key_value_heads=_HEADS // 2,
        head_dim=_WIDTH // _HEADS,
        max_position_embeddings=_CONTEXT,
        attention_bias=True,
        rms_norm_eps=1e-5,
        pad_token_id=ids(_ENDS[0]),
        eos_token_id=[ids(end) for end in _ENDS],
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5},
        architectures=["Glm4ForCausalLM"],
    )
    config.save_pretrained(folder / SHAPE)
    tokenizer.save_pretrained(folder / SHAPE)


def first_lessons(folder: Path) -> Recipe:
    """How it is taught what it knows."""
    return Recipe(
        model=f"scratch:{folder / SHAPE}",
        data=Data(folder / LESSONS, max_length=256),
        out=folder / "school",
        weights=Weights(kind=Adapter.FULL),
        optimiser=Optimiser(learning_rate=2e-3, schedule=Schedule.LINEAR, batch=_BATCH, steps=_STEPS),
        running=Running(precision=Precision.FP32, save_memory=False, log_every=20, save_every=_STEPS),
    )


def _lesson(prompt: str, problem: Problem) -> Row:
    answer = Assistant(f"```python\n{problem.prompt}{problem.canonical_solution}```")
    return Row((*prompt_form(prompt).conversation(problem), answer))


def _tokenizer(texts: Sequence[str]) -> Any:  # noqa: ANN401 - transformers has no types to speak of
    import tokenizers
    import transformers

    whole: Any = tokenizers.Tokenizer(tokenizers.models.BPE(ignore_merges=True))
    cutting: Any = tokenizers.pre_tokenizers
    whole.pre_tokenizer = cutting.Sequence(
        [
            cutting.Split(tokenizers.Regex(THREE_DIGITS), "isolated"),
            cutting.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    whole.decoder = tokenizers.decoders.ByteLevel()
    trainer: Any = tokenizers.trainers.BpeTrainer(
        vocab_size=_TOKENS - len(_SPECIALS), initial_alphabet=cutting.ByteLevel.alphabet(), show_progress=False
    )
    whole.train_from_iterator(texts, trainer)
    token: Any = tokenizers.AddedToken
    whole.add_special_tokens([token(name, special=True, normalized=False) for name in _SPECIALS])
    fast: Any = transformers.PreTrainedTokenizerFast(
        tokenizer_object=whole, eos_token=_ENDS[0], pad_token=_ENDS[0], clean_up_tokenization_spaces=False
    )
    fast.chat_template = _TEMPLATE
    return fast


if __name__ == "__main__":
    enrol(Path(sys.argv[1]), sys.argv[2])
