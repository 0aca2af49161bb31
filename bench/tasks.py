"""What the sides are asked to do: the same prompts for each of them."""

import ast
import random
import sysconfig
from dataclasses import dataclass
from pathlib import Path

CODE = Path(__file__).parent / "inventory.txt"

CHATTY = "<|im_start|>user\nTell a very long story about the sea.<|im_end|>\n<|im_start|>assistant\n"
CALLING = (
    "<|im_start|>user\nCall write_file to create fizz.py, a FizzBuzz of 40 lines.<|im_end|>\n<|im_start|>assistant\n"
)
WRITE_FILE = {
    "type": "object",
    "properties": {
        "path": {"type": "string"},
        "content": {"type": "string"},
        "mode": {"enum": ["create", "replace"]},
    },
    "required": ["path", "content", "mode"],
    "additionalProperties": False,
}


def prompt_ids(count: int, seed: int) -> list[int]:
    """Tokens that mean nothing: what is measured does not depend on what they say."""
    return [(number * 7919 + seed * 101) % 40000 + 100 for number in range(count)]


def edit_prompt(wish: str, code: str) -> str:
    """A request to write code again, changed, up to where the code begins."""
    return (
        f"<|im_start|>system\nYou edit code.<|im_end|>\n<|im_start|>user\n{wish}\n\n```python\n{code}```<|im_end|>\n"
        "<|im_start|>assistant\n```python\n"
    )


def rewrite_prompt() -> str:
    """A file of 150 lines with three changes."""
    wish = (
        "Rewrite this file completely with exactly these changes: rename the function `total_value` to `stock_value`, "
        "change the default currency from EUR to USD, and make the report title 'Stock'. Answer with the whole file."
    )
    return edit_prompt(wish, CODE.read_text())


def turns(count: int) -> list[str]:
    """What a user says in a session, one turn after the other."""
    lines = CODE.read_text().splitlines()
    return [
        f"Turn {number}. What does this line do?\n" + "\n".join(lines[number : number + 3]) for number in range(count)
    ]


@dataclass(frozen=True, slots=True)
class Edit:
    """One function of real code, and how it shall be changed."""

    code: str
    prompt: str


def edits(count: int) -> list[Edit]:
    """Functions of Python's own library, each to be written again with one change. Always the same ones."""
    chosen = random.Random(5).sample(functions(), count)
    return [Edit(code, edit_prompt(_wish(number, code), code)) for number, code in enumerate(chosen)]


def functions() -> list[str]:
    """Functions of Python's own library, neither short nor long. Always in the same order."""
    return [code for path in _library() for code in _functions(path)]


def _library() -> list[Path]:
    return sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))


def _functions(path: Path) -> list[str]:
    text = path.read_text("utf-8", "replace")
    pieces = (ast.get_source_segment(text, node) for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    return [f"{piece}\n" for piece in pieces if piece and 10 <= piece.count("\n") <= 24 and len(piece) < 1500]


def _wish(number: int, code: str) -> str:
    name = code[4 : code.index("(")]
    wishes = (
        f"Rename the function to {name}_new.",
        "Add a docstring in one line.",
        "Rename the first parameter to value.",
        "Add type hints to the parameters.",
    )
    return f"{wishes[number % len(wishes)]} Write the whole function again."
