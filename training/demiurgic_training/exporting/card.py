"""The model card beside an export: what it is, what it was taught with, and how well each file says the same."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from demiurgic_training.exporting.licences import UNKNOWN
from demiurgic_training.exporting.parity import Certificate, Examined
from demiurgic_training.exporting.provenance import Provenance
from demiurgic_training.exporting.wish import Quantisation

_MOST = 20


@dataclass(frozen=True, slots=True)
class About:
    """What the card says of the model itself."""

    name: str
    base: str
    family: str
    parameters: str
    licence: str
    files: dict[Quantisation, Path]
    provenance: Provenance | None


def card(about: About, certificate: Certificate) -> str:
    """The card, in Markdown."""
    return (
        "\n".join([*_front(about), *_warning(certificate), *_facts(about), *_parity(certificate), *_data(about)]) + "\n"
    )


def _front(about: About) -> Iterator[str]:
    licence = f"license: {about.licence}\n" if about.licence != UNKNOWN else ""
    yield f"---\n{licence}base_model: {about.base}\nlibrary_name: gguf\n---\n"
    yield f"# {about.name}\n"


def _warning(certificate: Certificate) -> Iterator[str]:
    if certificate.agrees:
        return
    yield "> **Warning: this export failed its own certificate and was made with `--force`.** It may say something else"
    yield "> than the model it was made from. What failed:"
    yield ">"
    yield from (f"> - {failure}" for failure in certificate.failures)
    yield ""


def _facts(about: About) -> Iterator[str]:
    size = f"{about.parameters} parameters"
    yield f"Taught from `{about.base}`. Family {about.family}, {size}, licence: {about.licence}.\n"
    yield "| form | file | size |\n|---|---|---|"
    for form, path in about.files.items():
        yield f"| {form} | `{path.name}` | {path.stat().st_size / 1e6:,.1f} MB |"
    yield ""


def _parity(certificate: Certificate) -> Iterator[str]:
    yield "## Does each file say what the model says?\n"
    yield "The checkpoint in F32 was compared with each file in llama.cpp, its past kept in F32. F32 is the exact file,"
    yield "of which all others were made. KL is the mean divergence on held-out texts in nats, 0 being the same; top-1"
    yield "how often the likeliest token is the same.\n"
    yield "| form | verdict | largest logit difference | KL | top-1 |\n|---|---|---|---|---|"
    for file in certificate.files:
        yield f"| {file.form} | {'agrees' if file.agrees else '**fails**'} | {' | '.join(numbers(file))} |"
    yield "\n| check of the exact file | | found |\n|---|---|---|"
    for check in certificate.files[0].checks:
        yield f"| {check.name} | {'passed' if check.passed else '**failed**'} | {_cell(check.found)} |"
    versions = ", ".join(f"{name} {version}" for name, version in certificate.made_with.items())
    yield f"\nMade with {versions}.\n"


def numbers(file: Examined) -> tuple[str, str, str]:
    """What was measured in a file, for a table's row."""
    measured = file.measured
    if measured is None:
        return "", "", ""
    return f"{measured.difference:.2g}", f"{measured.divergence:.4f}", f"{measured.agreement:.1%}"


def _data(about: About) -> Iterator[str]:
    told = about.provenance
    yield "## What it was taught with\n"
    if told is None:
        yield "Nothing is known of it: the export was made of a checkpoint without the folder of its run.\n"
        return
    if told.problem:
        yield f"The rows could not be read when this was written: {told.problem}.\n"
    else:
        yield f"{told.rows:,} rows.\n"
        for name, counter in told.counts.items():
            yield from _table(name, counter)
        for currency, amount in told.costs.items():
            yield f"Teachers were paid {amount:f} {currency}.\n"
    yield "## The recipe\n"
    yield f"```yaml\n{told.recipe.strip()}\n```"


def _table(name: str, counter: Counter[str]) -> Iterator[str]:
    yield f"| {name} | rows |\n|---|---|"
    for value, count in counter.most_common(_MOST):
        yield f"| {_cell(value)} | {count:,} |"
    if len(counter) > _MOST:
        yield f"| {len(counter) - _MOST} more | {sum(sorted(counter.values())[:-_MOST]):,} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
