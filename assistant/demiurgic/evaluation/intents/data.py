"""What is to be classified: rows of a JSON-lines file, as plain text or as the conversations models are tuned on.

    {"text": "how much do I have left", "label": "balance"}
    {"messages": [{"role": "system", ...}, {"role": "user", ...}, {"role": "assistant", "content": "意图：6:..."}]}

A conversation is given to the model as it stands, its own system message included; its last answer is the truth.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from demiurgic.errors import BadEvaluationFile, UserError
from demiurgic.evaluation.intents.labels import Labels
from demiurgic.evaluation.problems import read_rows
from demiurgic.messages import Assistant, Json, Message, System, User

PROMPT = "intents-1"
"""Names the words of `instruction`. Other words need another name: scores under different prompts do not compare."""

_INSTRUCTION = """You sort what people say by what they want. These are the intents:

{listed}

Answer with the name of the intent that fits best, exactly as it is spelled here, and nothing else."""


@dataclass(frozen=True, slots=True)
class Row:
    """One input and the truth about it. `line` names it within its file."""

    line: int
    conversation: tuple[Message, ...]
    truth: str
    form: str
    """How the model has to spell its answer."""

    @property
    def text(self) -> str:
        """What the user said last."""
        return next((message.text for message in reversed(self.conversation) if isinstance(message, User)), "")


def instruction(labels: Labels) -> System:
    """What a model is told that was not taught these labels."""
    told = labels.descriptions
    listed = "\n".join(f"- {name}{f': {told[name]}' if name in told else ''}" for name in labels.names)
    return System(_INSTRUCTION.replace("{listed}", listed))


def load_rows(path: Path, labels: Labels, out_of_scope: str | None = None) -> list[Row]:
    """The rows of a file. Raises BadEvaluationFile, which names the line."""
    if out_of_scope in labels.names:
        raise UserError(f"{out_of_scope!r} is one of the labels, so a model may choose it", "leave out --oos")
    reader = _Reader(path, labels, out_of_scope)
    rows = [reader.row(number, row) for number, row in read_rows(path)]
    if not rows:
        raise BadEvaluationFile(f"{path} holds no rows")
    if all(row.truth == out_of_scope for row in rows):
        raise BadEvaluationFile(f"{path} holds rows of {out_of_scope!r} only", "add rows of the labels")
    return rows


def sampled(rows: Sequence[Row], count: int | None) -> list[Row]:
    """That many rows, drawn the same way each time and in the order of their file."""
    if count is None or count >= len(rows):
        return list(rows)
    return [rows[index] for index in sorted(random.Random(0).sample(range(len(rows)), count))]


class _Reader:
    def __init__(self, path: Path, labels: Labels, out_of_scope: str | None) -> None:
        self._path, self._labels, self._out_of_scope = path, labels, out_of_scope
        self._instruction = instruction(labels)

    def row(self, number: int, row: Mapping[str, Json]) -> Row:
        messages = row.get("messages", row.get("conversations"))
        if messages is not None:
            return self._conversation(number, messages)
        text, label = row.get("text"), row.get("label")
        if not isinstance(text, str) or not isinstance(label, str):
            missing = "text" if not isinstance(text, str) else "label"
            raise self._wrong(number, f"the text {missing!r} is missing", "a row has 'text' and 'label', or 'messages'")
        truth, _ = self._truth(number, label)
        return Row(number, (self._instruction, User(text)), truth, self._labels.forms[0])

    def _conversation(self, number: int, messages: Json) -> Row:
        try:
            said = [_message(message) for message in messages]
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise self._wrong(number, "a message has a 'role' of the three and the text 'content'") from error
        *before, last = said or [None]
        if not isinstance(last, Assistant) or not any(isinstance(message, User) for message in before):
            raise self._wrong(number, "a conversation ends with a user's message and the assistant's answer")
        truth, form = self._truth(number, last.text.strip())
        return Row(number, tuple(message for message in before if message is not None), truth, form)

    def _truth(self, number: int, answer: str) -> tuple[str, str]:
        understood = self._labels.understand(answer)
        if understood:
            return understood
        if self._out_of_scope is not None and answer == self._out_of_scope:
            return answer, self._labels.forms[0]
        hint = "add it to the labels; or name what no label covers: --oos LABEL; or the answers' form: --answer FORM"
        raise self._wrong(number, f"{answer!r} is none of the labels", hint)

    def _wrong(self, number: int, problem: str, hint: str = "") -> BadEvaluationFile:
        return BadEvaluationFile(f"{self._path}, line {number}: {problem}", hint)


def _message(message: Json) -> System | User | Assistant:
    text = message["content"]
    if not isinstance(text, str):
        raise TypeError(text)
    return {"system": System, "user": User, "assistant": Assistant}[message["role"]](text)
