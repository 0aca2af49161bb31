"""The prompts of `prompts.toml`, by id."""

import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from demiurgic.errors import UserError
from demiurgic.evaluation.problems import Problem
from demiurgic.messages import Message, System, User


@dataclass(frozen=True, slots=True)
class PromptForm:
    """One way to ask for a function."""

    id: str
    about: str
    kind: Literal["chat", "text"]
    system: str = ""
    user: str = ""
    begins: str = ""
    """What the answer is made to begin with; only local models can be made to."""
    stops: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Names every word of it."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    def conversation(self, problem: Problem) -> list[Message]:
        """What a chat model is asked."""
        asked = User(self.user.strip("\n").replace("{prompt}", problem.prompt.strip()))
        return [System(self.system), asked] if self.system else [asked]

    def text(self, problem: Problem) -> str:
        """What a base model continues."""
        return problem.prompt.strip() + "\n"


def prompt_form(name: str) -> PromptForm:
    """Raises UserError where there is none."""
    forms = prompt_forms()
    if name not in forms:
        raise UserError(f"there is no prompt {name}", f"choose one of: {', '.join(forms)}")
    return forms[name]


@cache
def prompt_forms() -> dict[str, PromptForm]:
    """All of them."""
    text = files("demiurgic.evaluation").joinpath("prompts.toml").read_text("utf-8")
    table: dict[str, dict[str, Any]] = tomllib.loads(text)
    for entry in table.values():
        entry["stops"] = tuple(entry.get("stops", ()))
    return {name: PromptForm(name, **entry) for name, entry in table.items()}
