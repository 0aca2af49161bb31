"""The certificate of an export: that each file says what the checkpoint says, check by check.

The exact file must say the very same; a smaller one must be of the same make, and how much it has forgotten is
measured and told. A smaller file fails for that only where knowing nothing at all would do as well: how much is too
much is for its reader to say.
"""

import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from demiurgic.errors import DemiurgicError
from demiurgic_models.files import write_beside
from demiurgic_training.exporting.answers import Reference
from demiurgic_training.exporting.measuring import Measured

EXACT = "F32"
"""The form of which nothing is rounded."""
TOLERANCE = 1e-3
"""Largest difference of logits, as a share of the largest logit. F32 arithmetic in another order gives 1e-5."""
_ROUNDED = 1e-6
"""GGUF keeps its numbers in F32."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    passed: bool
    found: str


@dataclass(frozen=True, slots=True)
class Examined:
    """All that was looked at in one file. `measured` is None where it could not even be read."""

    form: str
    checks: tuple[Check, ...]
    measured: Measured | None

    @property
    def agrees(self) -> bool:
        """Whether nothing is wrong."""
        return all(check.passed for check in self.checks)


@dataclass(frozen=True, slots=True)
class Certificate:
    """The proof beside an export. The first file is the exact one, all others are made of it."""

    model: str
    made_with: Mapping[str, str]
    files: tuple[Examined, ...]

    @property
    def agrees(self) -> bool:
        """Whether nothing is wrong with any file."""
        return all(file.agrees for file in self.files)

    @property
    def failures(self) -> list[str]:
        """What is wrong, and where."""
        return [
            f"{file.form}: {check.name} ({check.found})"
            for file in self.files
            for check in file.checks
            if not check.passed
        ]

    def write(self, path: Path) -> None:
        """Keep it as JSON."""
        held = {
            "model": self.model,
            "agrees": self.agrees,
            "made_with": dict(self.made_with),
            "files": [{"agrees": file.agrees, **asdict(file)} for file in self.files],
        }
        write_beside(path, json.dumps(held, ensure_ascii=False, indent=1) + "\n")


def examine(form: str, file: Path, folder: Path, reference: Reference) -> Examined:
    """Look at one file in the light of what was written down in the folder."""
    command = [sys.executable, "-P", "-m", "demiurgic_training.exporting.measuring", str(folder), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
        return Examined(form, (Check("llama.cpp reads it", False, last),), None)
    measured = Measured(**json.loads(done.stdout))
    return Examined(form, tuple(checks(reference, measured, exact=form == EXACT)), measured)


def checks(reference: Reference, measured: Measured, *, exact: bool) -> list[Check]:
    """What follows from what was measured."""
    found = [_numbers(reference, measured), *_turns(reference, measured), *_tokens(reference, measured)]
    return [*found, *(_sameness(reference, measured) if exact else [_remembers(measured)])]


def _numbers(reference: Reference, measured: Measured) -> Check:
    wrong = [
        f"{name} is {measured.facts.get(name)} instead of {expected}"
        for name, expected in reference.facts.items()
        if not _same(expected, measured.facts.get(name))
    ]
    if measured.architecture != reference.architecture:
        wrong.append(f"its architecture is {measured.architecture}")
    return Check("numbers of the header", not wrong, ", ".join(wrong) or f"all {len(reference.facts)}")


def _same(expected: object, found: object) -> bool:
    if isinstance(expected, float) and isinstance(found, float):
        return math.isclose(expected, found, rel_tol=_ROUNDED)
    return expected == found


def _turns(reference: Reference, measured: Measured) -> list[Check]:
    missing = sorted(set(reference.ends) - set(measured.ends))
    same = measured.chat_template == reference.chat_template
    marked = "generation %}" in (measured.chat_template or "")
    size = len((measured.chat_template or "").encode())
    told = f"{size} bytes" if same else "another than the checkpoint's"
    begun = measured.beginning == reference.beginning
    return [
        Check(
            "tokens that end a turn",
            not missing,
            f"{missing} do not end one" if missing else ", ".join(map(str, reference.ends)),
        ),
        Check("chat template", same and not marked, "made for training" if marked else told),
        Check("token that begins a text", begun, str(measured.beginning)),
        Check("family that the runtime sees", measured.family == reference.family, measured.family),
    ]


def _tokens(reference: Reference, measured: Measured) -> list[Check]:
    return [
        _texts("texts as tokens", reference, measured.cut_otherwise),
        _texts("tokens as texts", reference, measured.come_back_otherwise),
    ]


def _texts(name: str, reference: Reference, wrong: Sequence[str]) -> Check:
    count = len(reference.cuts)
    return Check(name, not wrong, f"{count - len(wrong)} of {count}" + (f", not {wrong[0][:40]!r}" if wrong else ""))


def _sameness(reference: Reference, measured: Measured) -> list[Check]:
    """Two tokens that the checkpoint itself can hardly tell apart may be taken for each other."""
    allowed = TOLERANCE * measured.scale
    wanted, same = sum(map(len, reference.answers)), sum(measured.same_tokens)
    tie = same < wanted and measured.margin <= 2 * allowed
    return [
        Check("greedy tokens", same == wanted or tie, f"{same} of {wanted}" + (" up to a tie" if tie else "")),
        Check(
            "logits",
            measured.difference <= allowed,
            f"differ by {measured.difference:.2g} at most, the largest is {measured.scale:.3g}",
        ),
    ]


def _remembers(measured: Measured) -> Check:
    fine = math.isfinite(measured.divergence) and measured.divergence < measured.ignorance
    return Check(
        "what it remembers", fine, f"KL {measured.divergence:.4f}, {measured.agreement:.1%} of likeliest tokens"
    )


def made_with() -> dict[str, str]:
    """Versions of what an export is made with."""
    from importlib.metadata import PackageNotFoundError, version

    found: dict[str, str] = {}
    for package in ("demiurgic", "torch", "transformers", "peft", "gguf", "llama-cpp-python"):
        try:
            found[package] = version(package)
        except PackageNotFoundError as error:
            raise DemiurgicError(f"{package} is not installed", "pip install 'demiurgic[train]'") from error
    return found
