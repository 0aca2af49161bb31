"""Embeddings through OpenAI's own client, from a real server."""

import pytest
from openai import BadRequestError, OpenAI
from support.serving import served


@pytest.fixture(scope="module")
def embed(tmp_path_factory, tiny_glm4):
    with (
        served(tmp_path_factory.mktemp("server"), tiny_glm4, "--ctx", 256) as server,
        OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client,
    ):
        model = client.models.list().data[0].id
        yield lambda given, **wishes: client.embeddings.create(model=model, input=given, **wishes)


def test_vectors_have_length_one_and_both_formats_say_the_same(embed):
    packed, plain = embed(["a cat", "b"]), embed(["a cat", "b"], encoding_format="float")
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
        assert sum(x * x for x in other.embedding) == pytest.approx(1)
    assert plain.data[0].embedding != plain.data[1].embedding
    assert plain.usage.prompt_tokens == plain.usage.total_tokens > 2


def test_token_ids_stand_for_their_text(embed):
    assert embed([64]).data == embed([[64]]).data
    assert embed("a cat", dimensions=64).data == embed("a cat").data


@pytest.mark.parametrize(("wishes", "field"), [({"dimensions": 7}, "dimensions"), ({"given": ""}, "input")])
def test_what_is_wrong_is_named(embed, wishes, field):
    with pytest.raises(BadRequestError) as caught:
        embed(**{"given": "a", **wishes})
    assert caught.value.param == field
