"""Makes `demiurgic --model NAME` find an exported file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demiurgic.config import load_settings
from demiurgic.errors import UserError
from demiurgic.templates.protocol import Template
from demiurgic_models.entries import Entry, LocalSource
from demiurgic_models.gguf import inspect, memory_needed
from demiurgic_models.registry import load_registry, register
from demiurgic_training.exporting.wish import Quantisation, Wish

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_SMALL_CONTEXT = 8192
_DIALECTS = {
    "glm4-0414": "glm4",
    "glm4-chat": "glm4",
    "glm-z1": "glm4",
    "glm4.5": "tagged",
    "glm4.7": "tagged",
    "chatglm3": "chatglm3",
    "llama3": "llama3",
    "chatml": "hermes",
    "smollm3": "hermes",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the registry says of every file of one export."""

    template: Template
    parameters: int
    licence: str


def names_of(name: str, forms: Sequence[Quantisation]) -> dict[Quantisation, str]:
    """Under what name each form is known: the first by the plain one."""
    first, *others = forms
    return {first: name, **{form: f"{name}-{form.lower()}" for form in others}}


def check_name(name: str, forms: Sequence[Quantisation]) -> None:
    """Raises UserError for a name that no registry takes, or that is that of a shipped model."""
    if not _NAME.fullmatch(name):
        raise UserError(f"{name!r} cannot name a model", "use small letters, digits, dots, dashes and underscores")
    if taken := set(names_of(name, forms).values()) & set(load_registry()):
        raise UserError(f"{min(taken)} is the name of a model that comes with the program", "choose another name")


def register_files(files: dict[Quantisation, Path], wish: Wish, standing: Standing) -> tuple[str, ...]:
    """Make each file known by its name, and return the names."""
    names, registry = names_of(wish.name, wish.quantisations), wish.registry or load_settings(Path.cwd()).own_registry
    for form, path in files.items():
        register(_entry(names[form], form, path, standing), registry)
    return tuple(names[form] for form in files)


def billions(parameters: int) -> str:
    """How many parameters there are, as registries write it."""
    for unit, size in (("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if parameters >= size:
            return f"{parameters / size:.3g}{unit}"
    return str(parameters)


def _entry(name: str, form: Quantisation, path: Path, standing: Standing) -> Entry:
    card = inspect(path)
    family = standing.template.family
    return Entry(
        name=name,
        family=family,
        dialect=_DIALECTS.get(family, "native") if standing.template.calls_tools else "none",
        parameters=billions(standing.parameters),
        quantisation=str(form),
        file=path.name,
        licence=standing.licence,
        context=card.context_length,
        ram=round(max(0.1, memory_needed(card, min(card.context_length, _SMALL_CONTEXT)) / 1e9), 1),
        sources=(LocalSource(path.resolve()),),
        bytes=card.bytes,
    )
