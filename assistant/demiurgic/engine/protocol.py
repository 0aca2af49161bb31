"""What an engine promises: tokens in, tokens out, many requests at once.

An engine knows one loaded model. It knows nothing of messages, templates or tools.

It keeps what it has evaluated and finds it again **by its tokens**, so there are no handles to conversations:
a request whose prompt begins like an earlier one reuses that work, whether it continues a conversation,
goes back in it, forks it or comes from somebody else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class FillTokens:
    """The ids that surround a hole in the text, for models trained to fill it. Absent ones are None."""

    prefix: int
    suffix: int
    middle: int
    pad: int | None = None
    repository: int | None = None
    separator: int | None = None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of the loaded model once and for all."""

    name: str
    fingerprint: str
    """Names the weights: what one model evaluated is never given to another."""
    architecture: str
    parameters: int
    bytes: int
    context: int
    """Tokens that one conversation can hold here, prompt and answer together."""
    trained_context: int
    vocabulary: int
    bos: int | None
    """Begins every prompt, where the model wants that."""
    eos: int | None
    ends: frozenset[int]
    """Any of these ends a turn."""
    markers: dict[str, int]
    """Texts that are one special token each, such as `<|im_start|>`: never to be read out of foreign text."""
    template: str | None
    """The chat template that came with the model, in Jinja."""
    fill: FillTokens | None
    rewinds: bool
    """Whether work can be taken back token by token; otherwise only whole snapshots can be returned to."""
    embedding_size: int = 0


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen. The default is greedy: always the likeliest."""

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repeat_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    penalty_window: int = 64
    seed: int | None = None
    """None draws a fresh one."""
    bias: tuple[tuple[int, float], ...] = ()
    """Added to the logits of these tokens before anything else."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA adapter file and how strongly it speaks."""

    path: Path
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that decides one generation."""

    prompt: tuple[int, ...]
    max_tokens: int | None = None
    """None: as many as the context holds."""
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    """Texts that end the generation. They do not appear in it."""
    grammar: str | None = None
    """A Lark grammar of llguidance that the whole output must satisfy."""
    choices: tuple[tuple[int, ...], ...] = ()
    """The output must be one of these sequences of tokens. It ends where none of them goes on."""
    draft: tuple[int, ...] = ()
    """Tokens that the output is likely to repeat in long runs, such as the file being rewritten. Changes speed only."""
    logprobs: int | None = None
    """Report each token's log-probability and that many of its rivals; under `choices`, all that were allowed."""
    adapters: tuple[Adapter, ...] = ()
    markers: bool = False
    """Whether special tokens appear in the text by name. Stop tokens never do."""


@dataclass(frozen=True, slots=True)
class TokenScore:
    """A token's log-probability before sampling bent it, with the likeliest at its place."""

    token: int
    logprob: float
    rivals: tuple[tuple[int, float], ...] = ()


class EndReason(StrEnum):
    """Why a generation ended."""

    END_TOKEN = "end_token"
    STOP_TEXT = "stop_text"
    GRAMMAR = "grammar"  # the grammar allows nothing more
    LENGTH = "length"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Reading:
    """The prompt is being evaluated."""

    done: int
    total: int
    cached: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that can be shown now, and the tokens evaluated for it.

    `text` may be empty while a character or a possible stop text is incomplete, so texts and tokens meet
    only at the end.
    """

    text: str
    tokens: tuple[int, ...]
    scores: tuple[TokenScore, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """The generation ended. `end_token` is the token that ended it, where one did; it is in no `Piece`."""

    reason: EndReason
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    end_token: int | None = None
    drafted: int = 0
    accepted: int = 0
    end_score: TokenScore | None = None
    """The end token's, where one ended it and scores were asked for."""
    stop_text: str | None = None
    """The stop text that ended it, where one did."""


EngineEvent: TypeAlias = Reading | Piece | Done


class Generation(Protocol):
    """One running request: iterate over it to follow it. It ends with exactly one `Done`, or raises."""

    def __iter__(self) -> Iterator[EngineEvent]: ...

    def cancel(self) -> None:
        """Ask for it to end soon. May be called from any thread, at any time, more than once."""
        ...


@dataclass(frozen=True, slots=True)
class EngineStats:
    """What an engine does at this moment, for status lines and metrics."""

    running: int
    waiting: int
    kept_sequences: int
    kept_bytes: int
    """Snapshots in memory, counted in true bytes."""
    disk_bytes: int
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    threads: int = 0


class Engine(Protocol):
    """One loaded model. Every method may be called from any thread."""

    @property
    def facts(self) -> ModelFacts: ...

    def tokenize(self, text: str, markers: bool = True) -> list[int]:
        """Tokens of `text`. With `markers`, names of special tokens become those tokens: foreign text must not be
        read so. Without, they are letters, but for tokens that the model's own tokenizer finds in any text."""
        ...

    def detokenize(self, tokens: Sequence[int]) -> bytes:
        """The bytes that these tokens stand for, special tokens by name."""
        ...

    def generate(self, request: Request) -> Generation:
        """Start a request. Raises ContextOverflow or BadSchema before any work is done."""
        ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A unit vector for each text. Raises UnsupportedRequest where the model has none."""
        ...

    def save(self, tokens: Sequence[int], path: Path) -> int:
        """Write what is known of these tokens to a file, whole or not at all. Returns how many it holds."""
        ...

    def load(self, path: Path) -> tuple[int, ...]:
        """Take in a saved file, so that prompts that begin with its tokens start from there. Returns them."""
        ...

    def stats(self) -> EngineStats: ...

    def close(self) -> None:
        """End all generations and free the model. Further calls raise EngineError."""
        ...
