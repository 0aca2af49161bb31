"""What can be asked about a passage, each with the words in which a model is asked."""

from dataclasses import dataclass
from typing import Literal

from demiurgic.messages import Message, System, User
from demiurgic_lsp.asking.passage import Passage

Kind = Literal["explain", "fix", "document", "refactor", "tests", "agent"]

_HELPER = "You are a programmer's assistant within their editor."
_BLOCK = "Answer with the whole passage as it shall stand there, in one code block. Leave all else in it as it is."
_TASKS: dict[Kind, str] = {
    "explain": "Explain to a programmer what this passage does, and what is easily overlooked in it. Be short.",
    "fix": f"Mend what is said to be wrong with the passage, and nothing else. {_BLOCK}",
    "document": f"Give what the passage defines the documentation that its language usually has. {_BLOCK}",
    "refactor": f"Change the passage as is asked for. {_BLOCK}",
    "tests": "Write tests for the passage, as a whole file of its language's usual test framework, in one code block.",
}


@dataclass(frozen=True, slots=True)
class Want:
    """A wish about a passage. `words` are the user's, or the compiler's."""

    kind: Kind
    passage: Passage
    words: str = ""

    def conversation(self) -> list[Message]:
        """How a model is asked."""
        passage = self.passage
        around = (
            f"What stands above it in {passage.path}:\n```\n{passage.above}\n```\n\n" if passage.above.strip() else ""
        )
        said = f"\n\n{self.words}" if self.words else ""
        where = f"The passage, lines {passage.start + 1} to {passage.end} of {passage.path}:"
        shown = f"{around}{where}\n```\n{passage.text}\n```{said}"
        return [System(_HELPER), User(f"{shown}\n\n{_TASKS[self.kind]}")]
