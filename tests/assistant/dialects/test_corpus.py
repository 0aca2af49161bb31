"""Raw replies, ours and those of real models, and what must be read out of each.

A line of the corpus holds the raw reply, whether thoughts come first and how, and what is expected: the text, the
thought, the calls with their arguments and whether they came natively, and what each broken call's problem says.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from demiurgic.messages import Tool
from demiurgic.templates.dialects import ChatGlm3Calls, Glm4Calls, Hermes, Llama3Calls, TaggedCalls
from demiurgic.templates.protocol import CallBroken, CallRead, Dialect, Reasoning, Said, Thought

DIALECTS: dict[str, Dialect] = {
    "hermes": Hermes(),
    "glm4": Glm4Calls(),
    "tagged": TaggedCalls(newlines=False),
    "tagged_lines": TaggedCalls(newlines=True),
    "chatglm3": ChatGlm3Calls(),
    "llama3": Llama3Calls(),
}
REASONING = {
    "none": None,
    "first": Reasoning("<think>", "</think>"),
    "prefilled": Reasoning("<think>", "</think>", prefilled=True),
}
TOOLS = (
    Tool(
        "read",
        "Read a file",
        {
            "type": "object",
            "properties": {"path": {"type": "string"}, "lines": {"type": "integer"}},
            "required": ["path"],
        },
    ),
    Tool(
        "run",
        "Run a command",
        {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]},
    ),
    Tool("now", "The time", {"type": "object", "properties": {}}),
)
CORPUS = [
    (path.stem, line)
    for path in sorted((Path(__file__).parent / "corpus").glob("*.jsonl"))
    for line in path.read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize(("family", "line"), CORPUS)
def test_corpus(family: str, line: str):
    case: dict[str, Any] = json.loads(line)
    for step in (1, 3, len(case["raw"])):
        reader = DIALECTS[family].reader(TOOLS, REASONING[case.get("reasoning", "none")])
        events = [e for at in range(0, len(case["raw"]), step) for e in reader.feed(case["raw"][at : at + step])]
        events += reader.finish()
        assert "".join(e.text for e in events if isinstance(e, Said)) == case.get("text", "")
        assert "".join(e.text for e in events if isinstance(e, Thought)) == case.get("thought", "")
        calls = [[e.name, e.arguments, e.native] for e in events if isinstance(e, CallRead)]
        assert calls == case.get("calls", [])
        problems = [e.problem for e in events if isinstance(e, CallBroken)]
        assert len(problems) == len(case.get("problems", []))
        for problem, words in zip(problems, case.get("problems", []), strict=True):
            assert words in problem


def test_every_family_has_a_corpus():
    assert {family for family, _ in CORPUS} == set(DIALECTS)
