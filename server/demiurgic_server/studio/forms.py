"""Forms: what the page asks for before a command is run, and the command that comes of the answers.

A form names a command's flags and says in plain words what they mean. Nothing but what a form names can be run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from demiurgic_server.problems import BadField
from demiurgic_server.studio.grounds import Grounds

Kind = Literal[
    "text", "texts", "number", "check", "choice", "choices", "model", "models", "shares", "there", "several", "new"
]
"""`there` is a file or folder that exists, `several` are more of them, `new` is a path that will be written; `shares`
are models with how much of the work each has."""

_PATHS = frozenset(("there", "several", "new"))
_MANY = frozenset(("texts", "models", "several", "choices"))


@dataclass(frozen=True, slots=True)
class Field:
    """One question."""

    name: str
    label: str
    kind: Kind
    flag: str = ""
    """Empty: the value stands by itself."""
    help: str = ""
    value: str | bool | tuple[str, ...] = ""
    """What stands there to begin with."""
    choices: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    """Files to suggest: `.jsonl`; or folders, by a file in them: `/index.jsonl`."""
    needed: bool = False
    more: bool = False
    """Only shown under "More options"."""
    joined: str = ""
    """What stands between several values that are one word."""


@dataclass(frozen=True, slots=True)
class Form:
    """A command with its questions."""

    name: str
    tab: str
    title: str
    about: str
    words: tuple[str, ...]
    fields: tuple[Field, ...]
    button: str = "Start"
    asks: bool = False
    """Whether it may cost money: it is run with --dry-run first, and with --yes once somebody agreed."""


def words_of(form: Form, values: Mapping[str, Any], grounds: Grounds) -> tuple[str, ...]:
    """The words behind `demiurgic`. Raises BadField or Refused."""
    known = {field.name for field in form.fields}
    if unknown := sorted(set(values) - known):
        raise BadField(unknown[0], f"{form.title} does not ask for {unknown[0]!r}")
    flags: list[str] = []
    alone: list[str] = []
    for field in form.fields:
        given = _given(field, values.get(field.name), grounds)
        if field.kind == "check":
            flags += [field.flag] * bool(given)
        elif not field.flag:
            alone += given
        elif field.joined:
            flags += [f"{field.flag}={field.joined.join(given)}"] * bool(given)
        elif field.kind in ("models", "several"):
            flags += [field.flag, *given] * bool(given)
        else:
            flags += [f"{field.flag}={value}" for value in given]
    return (*form.words, *alone, *flags)


def _given(field: Field, value: object, grounds: Grounds) -> list[str]:
    """A field's values as words, each checked for what it is."""
    if field.kind == "check":
        return ["yes"] * (value is True)
    texts = [str(each).strip() for each in value] if isinstance(value, list) else [str(value or "").strip()]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    texts = [text for text in texts if text]
    if not texts and field.needed:
        raise BadField(field.name, f"fill in “{field.label}”")
    if len(texts) > 1 and field.kind not in _MANY:
        raise BadField(field.name, f"{field.label}: one is expected")
    return [_word(field, text, grounds) for text in texts]


def _word(field: Field, text: str, grounds: Grounds) -> str:
    bare = field.kind not in _PATHS and (not field.flag or (field.kind == "models" and not field.joined))
    if "\0" in text or len(text) > 10_000 or (bare and text.startswith("-")):
        raise BadField(field.name, f"{field.label}: {text[:40]!r} cannot be used")
    match field.kind:
        case "there" | "several":
            return grounds.shown(grounds.there(text))
        case "new":
            return grounds.shown(grounds.inside(text))
        case "model" | "models":
            check_model(text, grounds)
        case "shares":
            for part in text.split(","):
                name, _, share = part.strip().rpartition(":")
                check_model(name if name and share[:1].isdecimal() else part.strip(), grounds)
        case "number":
            _check_number(field, text)
        case "choice" | "choices" if text not in field.choices:
            raise BadField(field.name, f"{field.label}: {text!r} is none of {', '.join(field.choices)}")
        case _:
            pass
    return text


def _check_number(field: Field, text: str) -> None:
    try:
        float(text)
    except ValueError as error:
        raise BadField(field.name, f"{field.label}: {text!r} is no number") from error


def check_model(name: str, grounds: Grounds) -> None:
    """Raises Refused where a model's name is a path that leads elsewhere."""
    remote = name.startswith(("http://", "https://", "openai:", "anthropic:"))
    if not remote and (name.endswith(".gguf") or "/" in name or (grounds.folder / name).exists()):
        grounds.there(name)
