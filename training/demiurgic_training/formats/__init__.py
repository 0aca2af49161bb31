"""Files that others made, read as our rows: one module a form, each of which knows its own lines.

A form is told from the fields of each line, so that a file may mix them. What no form knows is a bad line.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from demiurgic.errors import UserError
from demiurgic.messages import Json
from demiurgic.messages_json import NoMessage
from demiurgic_training.files import BadLine, read_as
from demiurgic_training.formats import alpaca, chatglm3, completion, glm4, openai, pairs, sharegpt
from demiurgic_training.rows import Pair, Row


class Form(Protocol):
    """A module that reads one form."""

    @staticmethod
    def fits(value: Mapping[str, Json]) -> bool:
        """Whether the fields of a line are this form's."""
        ...

    @staticmethod
    def read(value: Mapping[str, Json]) -> Row | Pair:
        """What the line says. Raises ValueError, which says what is wrong with it."""
        ...


FORMS: dict[str, Form] = {
    "glm4": glm4,
    "openai": openai,
    "chatglm3": chatglm3,
    "sharegpt": sharegpt,
    "alpaca": alpaca,
    "pairs": pairs,
    "completion": completion,
}
"""In the order in which they are tried. Our own rows are a case of OpenAI's, our own pairs of `pairs`."""


def read_any(value: Mapping[str, Json]) -> Row | Pair:
    """What a line of any form says. Raises ValueError."""
    for form in FORMS.values():
        if form.fits(value):
            return form.read(value)
    raise NoMessage(f"of no known form; its fields are {', '.join(sorted(value)) or 'none'}")


def read_file(path: Path, form: str | None = None) -> Iterator[Row | Pair | BadLine]:
    """Everything in a file, of the form that is named or that each line shows. Raises UserError where the file itself
    cannot be read."""
    return read_as(path, reader_of(form))


def read_conversations(path: Path, form: str | None = None) -> Iterator[Row | BadLine]:
    """The conversations of a file; a pair among them is a bad line."""
    return read_as(path, conversation_reader(form))


def reader_of(form: str | None) -> Callable[[Mapping[str, Json]], Row | Pair]:
    """What reads lines of a form; of any, where none is named. Raises UserError where there is no such form."""
    if form is not None and form not in FORMS:
        raise UserError(f"there is no form {form!r}", f"it is one of {', '.join(FORMS)}")
    return FORMS[form].read if form else read_any


def conversation_reader(form: str | None) -> Callable[[Mapping[str, Json]], Row]:
    """The same, where only conversations are wanted: a pair is a ValueError, too."""
    reader = reader_of(form)

    def read(value: Mapping[str, Json]) -> Row:
        item = reader(value)
        if isinstance(item, Pair):
            raise NoMessage("a pair of answers instead of a conversation")
        return item

    return read
