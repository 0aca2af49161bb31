"""What teachers are told. The words stand in wordings.toml."""

import tomllib
from functools import cache
from pathlib import Path

from demiurgic.messages import JsonObject

INVENTION: JsonObject = {
    "type": "object",
    "properties": {
        "task": {"type": "string"},
        "function": {"type": "string"},
        "tests": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["task", "function", "tests"],
    "additionalProperties": False,
}
"""What a task with tests must look like, where a teacher can be bound to it."""


def worded(name: str, **filled: object) -> str:
    """The words of this name, filled in."""
    return _wordings()[name].strip().format(**filled)


@cache
def _wordings() -> dict[str, str]:
    return tomllib.loads(Path(__file__).with_name("wordings.toml").read_text("utf-8"))
