"""The labels a model chooses among, and the words in which it says one."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from demiurgic.errors import BadEvaluationFile, UserError
from demiurgic.messages import Json
from demiurgic_models.reading import read_small

FORMS = ("{label}", "意图：{index}:{label}")
"""How answers are spelled: the bare label, and the way that models tuned on CMCC-34 were taught."""


@dataclass(frozen=True, slots=True)
class Labels:
    """All labels in the order of their file, and what is said of them."""

    names: tuple[str, ...]
    descriptions: dict[str, str] = field(default_factory=dict[str, str])
    forms: tuple[str, ...] = FORMS
    """Ways to spell an answer, tried in this order on what the test file holds."""
    ids: tuple[str, ...] = ()
    """What stands for {index}; where nothing is said, the label's place, the first being 0."""

    def spelled(self, form: str) -> tuple[str, ...]:
        """Every label's answer in this form."""
        ids = self.ids or tuple(map(str, range(len(self.names))))
        numbered = zip(ids, self.names, strict=True)
        return tuple(form.replace("{index}", index).replace("{label}", name) for index, name in numbered)

    def understand(self, answer: str) -> tuple[str, str] | None:
        """The label that an answer of the test file names, and the form it is spelled in."""
        for form in self.forms:
            spelled = self.spelled(form)
            if answer in spelled:
                return self.names[spelled.index(answer)], form
        return None


def load_labels(path: Path, form: str | None = None) -> Labels:
    """The labels of a file: one a line, each with an id and a tab before it or none of them, a JSON list, or a JSON
    object of descriptions. Raises BadEvaluationFile."""
    if form is not None and "{label}" not in form:
        raise UserError(f"the answer form {form!r} does not say where the label stands", "--answer 'intent: {label}'")
    try:
        text = read_small(path, pipes=True)
    except (OSError, UnicodeDecodeError) as error:
        raise BadEvaluationFile(f"{path} cannot be read: {error}") from error
    is_json = text.lstrip()[:1] in ("[", "{")
    ids, text = ((), text) if is_json else _numbered(path, text)
    described = _from_json(path, text) if is_json else _from_lines(path, text)
    names = tuple(described)
    if len(names) < 2:
        raise BadEvaluationFile(f"{path} holds {len(names)} labels; there must be two to choose from")
    forms = FORMS if form is None else (form, *FORMS)
    return Labels(names, {name: told for name, told in described.items() if told}, forms, ids)


def _numbered(path: Path, text: str) -> tuple[tuple[str, ...], str]:
    """The ids of a file whose lines all begin with one, and the lines without them."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or not all("\t" in line.strip() for line in lines):
        return (), text
    ids, _, names = zip(*(line.strip().partition("\t") for line in lines), strict=True)
    if len(set(ids)) < len(ids):
        raise BadEvaluationFile(f"{path}: two labels have the same id")
    return ids, "\n".join(names)


def _from_lines(path: Path, text: str) -> dict[str, str]:
    lines = ((f"line {number}", line.strip(), "") for number, line in enumerate(text.splitlines(), 1))
    return _collected(path, (entry for entry in lines if entry[1]))


def _from_json(path: Path, text: str) -> dict[str, str]:
    try:
        value: Json = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError) as error:
        raise BadEvaluationFile(f"{path} is no JSON: {error}") from error
    pairs: list[Json] = [entry if isinstance(entry, tuple) else (entry, "") for entry in value]
    entries = [(f"entry {number}", name, told) for number, (name, told) in enumerate(pairs, 1)]
    for where, name, told in entries:
        if not isinstance(name, str) or not isinstance(told, str) or not name.strip() or "\n" in name:
            raise BadEvaluationFile(f"{path}, {where}: a label and its description are text, the label in one line")
    return _collected(path, ((where, name.strip(), told.strip()) for where, name, told in entries))


def _collected(path: Path, entries: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    described: dict[str, str] = {}
    for where, name, told in entries:
        if name in described:
            raise BadEvaluationFile(f"{path}, {where}: the label {name!r} was there before")
        described[name] = told
    return described
