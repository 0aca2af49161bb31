"""The body of a classification, what it means to a classifier, and the answer."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from demiurgic.evaluation.intents.data import Row, instruction
from demiurgic.evaluation.intents.labels import FORMS, Labels
from demiurgic.evaluation.intents.predictions import Prediction
from demiurgic.messages import System, User
from demiurgic_server.problems import BadField
from demiurgic_server.wire import Body

MOST = 256
"""Labels, and texts, of one request."""

Label = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Description = Annotated[str, StringConstraints(max_length=1000)]
Form = Annotated[str, StringConstraints(max_length=200, pattern=r"\{label\}")]


class IntentsBody(Body):
    """A request to say which of these labels fits each text."""

    labels: Annotated[list[Label], Field(min_length=2, max_length=MOST)]
    descriptions: Annotated[dict[str, Description], Field(default_factory=dict)]
    """What is said of a label to the model."""
    text: Text | None = None
    texts: Annotated[list[Text], Field(min_length=1, max_length=MOST)] | None = None
    system: str | None = None
    """What the model is told instead of being told the labels, where it was taught to answer to that."""
    answer: Form = FORMS[0]
    """How the model spells an answer: `{label}` stands for the label, `{index}` for its place among them."""
    model: str | None = None
    top: Annotated[int, Field(ge=1, le=MOST)] = 5
    """How many of the likeliest labels are told."""
    tolerance: Annotated[float, Field(ge=0, le=0.5, allow_inf_nan=False)] = 0.01
    """The share of the probability that may stay unread; with 0 every label's is exact, which takes longer."""


class LabelOdds(BaseModel):
    """A label and how probable it is."""

    label: str
    probability: float


class Intent(BaseModel):
    """What was made of one text."""

    label: str
    probability: float
    """Among the labels, whose probabilities sum to one."""
    likeliest: list[LabelOdds]
    """The likeliest first. Labels that were not read, or that next to nothing speaks for, are not among them."""
    any_label: float
    """How probable it was, before the answer was held to the labels, that it would begin with one of them."""
    shortened: bool
    """Whether the text was too long for the model and lost its middle."""


class Intents(BaseModel):
    """What was made of all texts, in their order."""

    id: str
    model: str
    results: list[Intent]


def labels_of(body: IntentsBody) -> Labels:
    """The labels as a value. Raises BadField."""
    twice = next((label for index, label in enumerate(body.labels) if label in body.labels[:index]), None)
    if twice is not None:
        raise BadField("labels", f"labels: {twice!r} is there twice")
    unknown = next((label for label in body.descriptions if label not in body.labels), None)
    if unknown is not None:
        raise BadField("descriptions", f"descriptions: {unknown!r} is none of the labels")
    return Labels(tuple(body.labels), {name: told for name, told in body.descriptions.items() if told})


def rows_of(body: IntentsBody, labels: Labels) -> list[Row]:
    """The texts as rows, numbered from 0. Their truth is not known. Raises BadField."""
    if (body.text is None) == (body.texts is None):
        raise BadField("texts", "texts: either these or `text` must be given")
    told = instruction(labels) if body.system is None else System(body.system)
    texts = body.texts if body.texts is not None else [body.text or ""]
    return [Row(number, (told, User(text)), "", body.answer) for number, text in enumerate(texts)]


def intent_of(prediction: Prediction, top: int) -> Intent:
    """A prediction as the answer tells it."""
    likeliest = [LabelOdds(label=label, probability=odd) for label, odd in list(prediction.odds.items())[:top]]
    return Intent(
        label=prediction.label,
        probability=prediction.odds[prediction.label],
        likeliest=likeliest,
        any_label=prediction.any_label or 0.0,
        shortened=prediction.shortened,
    )
