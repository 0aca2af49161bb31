"""Calls that a small model prints without their tags are constrained like others, and other JSON stays free."""

import pytest
from support.byte_vocabulary import accepted, byte_markers

from demiurgic.messages import Tool
from demiurgic.templates.dialects import Hermes, Llama3Calls
from demiurgic.templates.protocol import CallRules, Dialect

READ = Tool("read", "", {"properties": {"path": {"type": "string"}}, "required": ["path"]})
HEADS = ['{"name": "read", "KEY": ', '{"name":"read","KEY":', '{\n  "name": "read",\n  "KEY": ']
BOTH = [(Hermes(), "arguments"), (Llama3Calls(), "parameters")]


def takes(dialect: Dialect, text: str) -> bool:
    return accepted(dialect.grammar(CallRules((READ,), "auto"), byte_markers(), None), text) is None


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(("dialect", "key"), BOTH)
def test_a_bare_call_is_constrained(dialect: Dialect, key: str, head: str):
    head = head.replace("KEY", key)
    assert takes(dialect, head + '{"path": "a"}}')
    assert takes(dialect, head + '{\n    "path": "a"\n  }\n}')
    assert not takes(dialect, head + '{"file": "a"}}')
    assert not takes(dialect, head + "{}}")


@pytest.mark.parametrize("head", HEADS)
def test_a_fenced_call_is_constrained(head: str):
    head = "Sure:\n```json\n" + head.replace("KEY", "arguments")
    assert takes(Hermes(), head + '{"path": "a"}}\n```')
    assert not takes(Hermes(), head + '{"file": "a"}}\n```')


@pytest.mark.parametrize(("dialect", "key"), BOTH)
def test_other_json_stays_free(dialect: Dialect, key: str):
    for text in ('{"name": "Ann", "age": 4}', '{"name": "read", "age": 4}', f'{{"name": "Ann", "{key}": [1]}}', "[{}]"):
        assert takes(dialect, text)
        assert takes(dialect, f"```json\n{text}\n``` and more")
