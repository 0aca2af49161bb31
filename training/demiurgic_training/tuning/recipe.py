"""A training run as values: what is taught, from what, how, and where it goes.

One class a section of the YAML file. Each field's help stands beside its type: it is what `demiurgic train --describe`
tells the terminal, the documentation and the studio's form. reading.py makes these values of files and checks them.
"""

import math
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated


@dataclass(frozen=True, slots=True)
class Between:
    """Which numbers a field takes, both ends included."""

    least: float = 0
    most: float = math.inf


class Method(StrEnum):
    """What the model learns from."""

    SFT = "sft"  # conversations: say what the assistant said
    DPO = "dpo"  # pairs: prefer the chosen answer
    KTO = "kto"  # answers that were liked or not
    DISTIL = "distil"  # a larger model of the same vocabulary corrects what the student says


class Adapter(StrEnum):
    """Which weights move."""

    FULL = "full"
    LORA = "lora"
    DORA = "dora"
    QLORA = "qlora"  # LoRA on weights held in four bits (NF4)
    PTUNING = "ptuning"  # P-tuning v2: learned keys and values before the prompt; cannot be merged or exported


class Overlong(StrEnum):
    """What becomes of rows that are longer than `max_length`."""

    REFUSE = "refuse"
    DROP = "drop"
    CLIP = "clip"


class Spelled(StrEnum):
    """What becomes of rows in whose texts a chat template's special tokens are spelled out."""

    REFUSE = "refuse"
    DROP = "drop"
    KEEP = "keep"  # as letters, which is how every text is read


class Schedule(StrEnum):
    """How the learning rate falls."""

    COSINE = "cosine"
    LINEAR = "linear"
    CONSTANT = "constant"


class Precision(StrEnum):
    """What weights and activations are computed in."""

    AUTO = "auto"  # bf16 where the device has it, else fp32
    BF16 = "bf16"
    FP32 = "fp32"


@dataclass(frozen=True, slots=True)
class Data:
    """What is learned from."""

    train: Annotated[Path, "conversations or pairs, of any form that `demiurgic data convert` reads"]
    validation: Annotated[Path | None, "rows that are never learned, to see when learning turns into memorising"] = None
    max_length: Annotated[int, "longest row in tokens", Between(8)] = 2048
    overlong: Annotated[Overlong, "what becomes of longer rows: refuse to begin, drop them, or clip their ends"] = (
        Overlong.DROP
    )
    min_confidence: Annotated[float, "pairs of which the judge was less sure than this are left out", Between()] = 0.0
    system: Annotated[str, "a system message for rows that have none"] = ""
    spelled: Annotated[
        Spelled, "what becomes of rows that spell a template's special tokens: refuse to begin, drop them, or keep them"
    ] = Spelled.REFUSE


@dataclass(frozen=True, slots=True)
class Weights:
    """Which weights move, and how far they may."""

    kind: Annotated[Adapter, "full, lora, dora, qlora or ptuning"] = Adapter.LORA
    rank: Annotated[int, "rank of the added matrices", Between(1)] = 16
    alpha: Annotated[int, "their strength is alpha / rank", Between(1)] = 32
    dropout: Annotated[float, "share of their input that is dropped while learning", Between(0, 0.99)] = 0.0
    targets: Annotated[tuple[str, ...], "names of the layers they are added to, or all-linear"] = ("all-linear",)
    virtual_tokens: Annotated[int, "P-tuning v2: learned places before the prompt", Between(1)] = 128
    projection: Annotated[bool, "P-tuning v2: learn them through a small network"] = False


@dataclass(frozen=True, slots=True)
class Optimiser:
    """How fast, how long and in what portions."""

    learning_rate: Annotated[float, "the largest step", Between()] = 2e-4
    schedule: Annotated[Schedule, "how it falls: cosine, linear or constant"] = Schedule.COSINE
    warmup: Annotated[float, "share of the steps in which it rises", Between(0, 1)] = 0.03
    weight_decay: Annotated[float, "pull of all weights to zero", Between()] = 0.0
    batch: Annotated[int, "rows that are in memory at once, on each device", Between(1)] = 4
    accumulate: Annotated[int, "portions of `batch` rows before each step", Between(1)] = 1
    epochs: Annotated[float, "how often every row is seen", Between(0.001)] = 1.0
    steps: Annotated[int | None, "number of steps instead of epochs", Between(1)] = None
    clip: Annotated[float, "longest gradient", Between()] = 1.0


@dataclass(frozen=True, slots=True)
class Preferences:
    """DPO and KTO."""

    beta: Annotated[float, "how strongly the student is held to where it began", Between()] = 0.1


@dataclass(frozen=True, slots=True)
class Teaching:
    """On-policy distillation."""

    teacher: Annotated[str, "folder or hub name of the larger model; it must have the student's vocabulary"] = ""
    temperature: Annotated[float, "of the student's own answers", Between()] = 1.0
    new_tokens: Annotated[int, "longest answer of the student", Between(1)] = 256


@dataclass(frozen=True, slots=True)
class Running:
    """The run itself: its device, and what it leaves behind."""

    seed: Annotated[int, "decides the order of rows and the beginning of adapters", Between()] = 0
    precision: Annotated[Precision, "auto, bf16 or fp32"] = Precision.AUTO
    save_memory: Annotated[bool, "compute activations twice instead of keeping them"] = True
    log_every: Annotated[int, "steps between two lines of the log", Between(1)] = 1
    save_every: Annotated[int, "steps between two checkpoints", Between(1)] = 100
    keep: Annotated[int, "checkpoints that stay, besides the best", Between(1)] = 2
    evaluate_every: Annotated[
        int | None, "steps between two looks at the validation rows; with each checkpoint if not said", Between(1)
    ] = None
    sample_every: Annotated[int | None, "steps between two samples of what the model says by now", Between(1)] = None
    samples: Annotated[tuple[str, ...], "questions that it then answers"] = ()
    trackio: Annotated[bool, "also write to trackio"] = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a run."""

    model: Annotated[str, "folder of a checkpoint, or its name on the Hugging Face hub"]
    data: Data
    out: Annotated[Path, "folder of the run"]
    method: Annotated[Method, "sft, dpo, kto or distil"] = Method.SFT
    weights: Weights = field(default_factory=Weights)
    optimiser: Optimiser = field(default_factory=Optimiser)
    preferences: Preferences = field(default_factory=Preferences)
    teaching: Teaching = field(default_factory=Teaching)
    running: Running = field(default_factory=Running)
