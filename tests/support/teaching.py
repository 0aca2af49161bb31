"""Teachers of a local server, and what tests ask them."""

from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from demiurgic.chat.anthropic_api import reach as reach_anthropic
from demiurgic.chat.openai_api import reach as reach_openai
from demiurgic.messages import User
from demiurgic_training.teachers.anthropic import AnthropicWire
from demiurgic_training.teachers.desk import Hired, Wanted
from demiurgic_training.teachers.openai import OpenAIWire
from demiurgic_training.teachers.prices import Price
from demiurgic_training.teachers.protocol import question
from demiurgic_training.teachers.remote import RemoteTeacher

KEY = "sk-planted-0123456789abcdef"
PRICE = Price("USD", Decimal(3), Decimal(15), Decimal(3), Decimal("0.5"))


def teacher_of(kind: str, url: str, timeout: float = 5) -> RemoteTeacher:
    if kind == "openai":
        return RemoteTeacher(OpenAIWire(reach_openai("m", f"{url}/v1", KEY, timeout, many=True)))
    return RemoteTeacher(AnthropicWire(reach_anthropic("m", url, KEY, timeout, many=True)))


@contextmanager
def hired(kind: str, url: str, price: Price = PRICE, timeout: float = 5):
    teacher = teacher_of(kind, url, timeout)
    try:
        yield Hired(teacher, price)
    finally:
        teacher.close()


def wanted(text: str, teacher: str = "t", tokens: int = 50) -> Wanted:
    return Wanted(text, teacher, question((User(text),), tokens))


def files_hold(folder: Path, secret: str) -> list[Path]:
    """Files of a folder in which a text stands."""
    return [path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
