"""What a GGUF file says where its checkpoint said something. Runs in a process of its own, started by parity.py:

    python -m demiurgic_training.exporting.measuring REFERENCE_FOLDER FILE.gguf

so that a file over which llama.cpp ends its process ends no other, and so that the checkpoint's memory is free again.
It only measures; what follows from it is for parity.py to say. torch is not needed here.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from demiurgic.engine.llama.evaluation import Evaluator
from demiurgic.engine.protocol import ModelFacts
from demiurgic.errors import DemiurgicError
from demiurgic.templates.detect import ModelTraits, detect
from demiurgic.templates.protocol import Vocabulary
from demiurgic_models.gguf_header import read_header
from demiurgic_training.exporting.answers import ANSWERED, Heard, Reference, Scores, read_reference

_SMALL = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found. Numbers are over all rows of all texts."""

    same_tokens: list[int] = field(default_factory=list[int])
    """For each prompt, how many tokens of the greedy answer are the checkpoint's, from the first on."""
    margin: float = 0.0
    """Where an answer parts from the checkpoint's: by how much the latter preferred its own token, at most."""
    difference: float = 0.0
    """Largest difference of two logits."""
    scale: float = 0.0
    """Largest of the checkpoint's logits."""
    divergence: float = 0.0
    """Mean KL divergence on the held-out texts, in nats."""
    agreement: float = 0.0
    """Share of their places where the likeliest token is the same."""
    ignorance: float = 0.0
    """The divergence of somebody to whom all tokens are alike."""
    ends: list[int] = field(default_factory=list[int])
    beginning: int | None = None
    chat_template: str | None = None
    architecture: str = ""
    family: str = ""
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    cut_otherwise: list[str] = field(default_factory=list[str])
    """Texts that become other tokens."""
    come_back_otherwise: list[str] = field(default_factory=list[str])
    """Texts that are others once their tokens are put together."""


def measure(reference: Reference, heard: Heard, file: Path) -> Measured:
    """Ask the file all that the checkpoint was asked."""
    header = read_header(file)
    architecture = str(header.fields["general.architecture"])
    with Evaluator(file, reference.context + ANSWERED, _threads(file)) as evaluator:
        same, margin = _answers(evaluator, reference, heard)
        difference, scale = _differences(evaluator, reference, heard)
        divergence, agreement, ignorance = _forgotten(evaluator, reference, heard)
        model = evaluator.model
        facts = model.facts(reference.context)
        return Measured(
            same_tokens=same,
            margin=margin,
            difference=difference,
            scale=scale,
            divergence=divergence,
            agreement=agreement,
            ignorance=ignorance,
            ends=sorted(model.ends),
            beginning=facts.bos,
            chat_template=header.fields.get("tokenizer.chat_template"),
            architecture=architecture,
            family=_family(facts),
            facts={name: header.fields.get(f"{architecture}.{name}") for name in reference.facts},
            cut_otherwise=[
                cut.text
                for cut in reference.cuts
                if model.tokenize(cut.text) != cut.meant or model.tokenize(cut.text, markers=False) != cut.letters
            ],
            come_back_otherwise=[
                cut.text for cut in reference.cuts if not _comes_back(cut.text, model.detokenize(cut.letters))
            ],
        )


def _threads(file: Path) -> int:
    """Threads that share little work wait for each other longer than they work."""
    return 1 if file.stat().st_size < _SMALL else psutil.cpu_count(logical=False) or 1


def divergences(expected: Scores, found: Scores) -> Scores:
    """The KL divergence of each row, in nats."""
    ours, theirs = _logs(expected), _logs(found)
    return (np.exp(ours) * (ours - theirs)).sum(-1)


def _family(facts: ModelFacts) -> str:
    """What the runtime takes the file for."""
    names = {token: text for text, token in facts.markers.items()}
    ends = tuple(names[token] for token in sorted(facts.ends) if token in names)
    vocabulary = Vocabulary(facts.markers)
    return detect(ModelTraits(facts.template, facts.architecture, facts.name, vocabulary, ends)).family


def _answers(evaluator: Evaluator, reference: Reference, heard: Heard) -> tuple[list[int], float]:
    same: list[int] = []
    margin = 0.0
    for prompt, answer, rows in zip(reference.prompts, reference.answers, heard.answered, strict=True):
        said = evaluator.greedy(prompt, len(answer))
        at = next((place for place in range(len(answer)) if said[place] != answer[place]), None)
        same.append(len(answer) if at is None else at)
        if at is not None:
            row = rows[len(prompt) + at - 1]
            margin = max(margin, float(row[answer[at]] - row[said[at]]))
    return same, margin


def _differences(evaluator: Evaluator, reference: Reference, heard: Heard) -> tuple[float, float]:
    pairs = list(_pairs(evaluator, reference.sequences, heard.answered))
    difference = max(float(np.abs(found - expected).max()) for expected, found in pairs)
    return difference, max(float(np.abs(expected).max()) for expected, _ in pairs)


def _forgotten(evaluator: Evaluator, reference: Reference, heard: Heard) -> tuple[float, float, float]:
    pairs = list(_pairs(evaluator, reference.held_out, heard.held_out))
    lost = np.concatenate([divergences(expected, found) for expected, found in pairs])
    same = np.concatenate([expected.argmax(-1) == found.argmax(-1) for expected, found in pairs])
    ignorance = np.concatenate([divergences(expected, np.zeros_like(expected)) for expected, _ in pairs])
    return max(0.0, float(lost.mean())), float(same.mean()), float(ignorance.mean())


def _pairs(
    evaluator: Evaluator, sequences: Sequence[Sequence[int]], heard: Sequence[Scores]
) -> Iterator[tuple[Scores, Scores]]:
    for tokens, expected in zip(sequences, heard, strict=True):
        yield expected, evaluator.scores(tokens)


def _logs(scores: Scores) -> Scores:
    shifted = scores - scores.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def _comes_back(text: str, data: bytes) -> bool:
    """Vocabularies of sentencepiece put a blank before every text, and say so by no other sign."""
    return data in (text.encode(), b" " + text.encode())


def main() -> int:
    """Measure what the command line says, and write it to standard output."""
    folder, file = map(Path, sys.argv[1:])
    try:
        measured = measure(*read_reference(folder), file)
    except DemiurgicError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(asdict(measured)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
