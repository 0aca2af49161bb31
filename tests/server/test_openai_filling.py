"""Holes in code, filled through OpenAI's own client by a model that has learnt it."""

import ast

import pytest
from openai import OpenAI
from support.serving import served

BEFORE, BEHIND = "def mean(numbers):\n    total = ", "\n    return total / len(numbers)\n"


@pytest.fixture(scope="module")
def complete(tmp_path_factory, qwen):
    with (
        served(tmp_path_factory.mktemp("server"), qwen, "--ctx", 1024) as server,
        OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client,
    ):
        model = client.models.list().data[0].id

        def ask(prompt=BEFORE, **wishes):
            return client.completions.create(**{"model": model, "prompt": prompt, "max_tokens": 32, **wishes})

        yield ask


def outcome(code):
    """What the code defines, run for itself."""
    names = {}
    exec(compile(ast.parse(code), "filled", "exec"), names)
    return names


@pytest.mark.slow
def test_a_hole_is_filled_with_what_belongs_there(complete):
    choice = complete(suffix=BEHIND, stop="\n    return").choices[0]
    assert choice.finish_reason == "stop", choice.text
    assert outcome(BEFORE + choice.text + BEHIND)["mean"]([1, 2, 6]) == 3
    assert (
        complete("def add(a, b):\n    return a", suffix="\n\nprint(add(1, 2))\n", stop="\n").choices[0].text == " + b"
    )


@pytest.mark.slow
def test_a_hole_is_filled_in_a_stream_as_in_one_piece(complete):
    chunks = list(complete(suffix=BEHIND, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == complete(suffix=BEHIND).choices[0].text


@pytest.mark.slow
def test_an_empty_suffix_is_none(complete):
    assert complete(suffix="").choices[0].text == complete().choices[0].text
