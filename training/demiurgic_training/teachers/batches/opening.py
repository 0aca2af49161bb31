"""Whose questions can go into batches."""

from demiurgic_training.teachers.anthropic import AnthropicWire
from demiurgic_training.teachers.batches.anthropic import AnthropicBatches
from demiurgic_training.teachers.batches.openai import OpenAIBatches
from demiurgic_training.teachers.batches.together import Batches
from demiurgic_training.teachers.desk import Hired
from demiurgic_training.teachers.openai import OpenAIWire
from demiurgic_training.teachers.remote import RemoteTeacher


def batches_of(hired: Hired, pause: float) -> Batches | None:
    """The batches of a teacher; None for one that has none, or whose price in them is not known."""
    teacher = hired.teacher
    if hired.price.batch is None or not isinstance(teacher, RemoteTeacher):
        return None
    match teacher.wire:
        case AnthropicWire() as wire:
            return Batches(teacher, AnthropicBatches(wire), hired, pause)
        case OpenAIWire() as wire:
            return Batches(teacher, OpenAIBatches(wire), hired, pause)
        case _:
            return None
