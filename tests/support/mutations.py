"""Bodies that are nearly right: valid ones with something changed, dropped, doubled or torn."""

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

_TOOL = {
    "name": "look",
    "description": "Look",
    "parameters": {"type": "object", "properties": {"at": {"type": "string"}}},
}
_SAID = [
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hi"},
    {"role": "user", "content": "So?"},
]
BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {
        "messages": _SAID,
        "max_tokens": 4,
        "temperature": 0.5,
        "n": 2,
        "stop": ["x"],
        "stream": False,
        "tools": [{"type": "function", "function": _TOOL}],
        "tool_choice": "none",
        "logprobs": True,
        "top_logprobs": 2,
    },
    "/v1/completions": {"prompt": "Once", "max_tokens": 4, "n": 1, "logprobs": 2, "stream": False},
    "/v1/responses": {
        "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hello"}]}],
        "instructions": "Be brief.",
        "max_output_tokens": 16,
        "tools": [{"type": "function", **_TOOL}],
        "tool_choice": "none",
        "text": {"format": {"type": "text"}},
    },
    "/v1/messages": {
        "model": "",
        "max_tokens": 4,
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": _SAID,
        "tools": [{"name": "look", "input_schema": _TOOL["parameters"]}],
        "tool_choice": {"type": "none"},
        "stop_sequences": ["x"],
    },
    "/v1/messages/count_tokens": {"model": "", "messages": _SAID},
    "/v1/embeddings": {"input": ["a", "b"], "encoding_format": "float"},
    "/v1/characters/chat": {
        "session_meta": {"user_name": "Ann", "bot_name": "Bob", "user_info": "", "bot_info": "a baker"},
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 4,
    },
    "/v1/intents/classify": {"texts": ["hello", "bye"], "labels": ["greeting", "farewell"], "top": 2},
    "/v1/agent/runs": {"workspace": "/nowhere", "prompt": "Hello"},
}
_ODD = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**63,
    -(2**63),
    1e308,
    -0.0,
    "",
    "x",
    "\0",
    "\ud800",
    "𝕏" * 50,
    [],
    {},
    [[]],
    [None],
    {"": 0},
)


def right(path: str, model: str) -> dict[str, Any]:
    """A body that is as it should be."""
    body = deepcopy(BODIES[path])
    return body | {"model": model} if "model" in body else body


def mutated(model: str, seed: int) -> Iterator[tuple[str, bytes]]:
    """Paths and bodies without end."""
    draw = random.Random(seed)
    while True:
        path = draw.choice(sorted(BODIES))
        body = right(path, model)
        for _ in range(draw.randrange(1, 4)):
            _change(body, draw)
        data = json.dumps(body).encode()
        yield path, _torn(data, draw) if draw.random() < 0.1 else data


def _change(body: Any, draw: random.Random) -> None:
    """Something, somewhere within it."""
    place = body
    while isinstance(place, dict | list) and place:
        key = draw.choice(sorted(place)) if isinstance(place, dict) else draw.randrange(len(place))
        inner = place[key]
        if isinstance(inner, dict | list) and inner and draw.random() < 0.7:
            place = inner
            continue
        match draw.randrange(5):
            case 0:
                del place[key]
            case 1:
                place[key] = deepcopy(draw.choice(_ODD))
            case 2 if isinstance(place, dict):
                place[draw.choice(("extra", "max_tokens", "seed", "tools", "top_p", "suffix", "model"))] = deepcopy(
                    draw.choice(_ODD)
                )
            case 3 if isinstance(place, list):
                place.append(deepcopy(inner))
            case _:
                place[key] = [deepcopy(inner)]
        return


def _torn(data: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(data))
    return draw.choice((data[:at], data[:at] + draw.randbytes(3) + data[at:], data[at:]))
