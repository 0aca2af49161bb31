"""Completions through OpenAI's own client, from a real server."""

import random

import pytest
from openai import BadRequestError, OpenAI
from openai.types import Completion
from support.engines import opened
from support.sdk_shapes import strictly
from support.serving import served

PROMPT = "Once upon a time, there was a"
OTHER = "The capital of France is"


@pytest.fixture(scope="module")
def server(tmp_path_factory, smollm2):
    with served(tmp_path_factory.mktemp("server"), smollm2, "--ctx", 512, "--parallel", 4) as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    with OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def model(client):
    return client.models.list().data[0].id


@pytest.fixture(scope="module")
def complete(client, model):
    def ask(prompt=PROMPT, **wishes):
        return client.completions.create(model=model, prompt=prompt, **wishes)

    return ask


@pytest.fixture(scope="module")
def said(complete):
    return complete().choices[0].text


def test_a_text_goes_on_for_as_long_as_openai_says(complete, server, model):
    answer = complete()
    assert answer.usage.completion_tokens == 16
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 16
    assert answer.choices[0].finish_reason == "length"
    assert answer.object == "text_completion"
    with server.client() as raw:
        body = raw.post("/v1/completions", json={"model": model, "prompt": PROMPT, "logprobs": 2}).json()
    assert strictly(Completion, body).choices[0].text == answer.choices[0].text


def test_what_is_streamed_is_what_comes_in_one_piece(complete, said):
    chunks = list(complete(stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].text for chunk in chunks[:-1]) == said != ""
    assert chunks[-2].choices[0].finish_reason == "length"
    assert chunks[-1].choices == []
    assert chunks[-1].usage == complete().usage.model_copy(
        update={"prompt_tokens_details": chunks[-1].usage.prompt_tokens_details}
    )
    assert len({chunk.id for chunk in chunks}) == 1


@pytest.mark.parametrize("streams", [False, True])
def test_several_prompts_are_answered_in_their_order(complete, streams):
    alone = [complete(prompt).choices[0].text for prompt in (PROMPT, OTHER)]
    if streams:
        texts = ["", "", "", ""]
        for chunk in complete([PROMPT, OTHER], n=2, stream=True):
            texts[chunk.choices[0].index] += chunk.choices[0].text
    else:
        texts = [choice.text for choice in complete([PROMPT, OTHER], n=2).choices]
    assert texts == [alone[0], alone[0], alone[1], alone[1]]


@pytest.mark.parametrize("streams", [False, True])
def test_usage_counts_each_prompt_once_and_every_completion(complete, streams):
    one, other = (complete(prompt).usage.prompt_tokens for prompt in (PROMPT, OTHER))
    wishes = {"n": 3, "max_tokens": 5}
    if streams:
        usage = list(complete([PROMPT, OTHER], stream=True, stream_options={"include_usage": True}, **wishes))[-1].usage
    else:
        usage = complete([PROMPT, OTHER], **wishes).usage
    assert usage.prompt_tokens == one + other
    assert usage.completion_tokens <= 30
    assert usage.completion_tokens > 20
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_completions_differ_and_a_seed_brings_them_back(complete):
    def asked(**more):
        return [choice.text for choice in complete(n=3, temperature=1.3, **more).choices]

    assert asked(seed=7) == asked(seed=7) != asked(seed=70)
    assert len(set(asked(seed=7))) == 3


def test_token_ids_are_prompts_as_well(complete, said, smollm2):
    with opened(smollm2, context=128) as engine:
        ids = engine.tokenize(PROMPT, markers=False)
    assert complete(ids, echo=True).choices[0].text == PROMPT + said
    assert [choice.text for choice in complete([ids, ids]).choices] == [said, said]


@pytest.mark.parametrize("streams", [False, True])
def test_an_echo_stands_before_the_text(complete, said, streams):
    answer = complete(echo=True, stream=streams)
    texts = [chunk.choices[0].text for chunk in answer] if streams else [answer.choices[0].text]
    assert "".join(texts) == PROMPT + said


@pytest.mark.parametrize("streams", [False, True])
def test_log_probabilities_tell_what_was_written(complete, said, streams):
    answer = complete(logprobs=3, stream=streams)
    odds = [chunk.choices[0].logprobs for chunk in answer if chunk.choices[0].logprobs] if streams else None
    odds = odds or [answer.choices[0].logprobs]
    tokens = [token for part in odds for token in part.tokens]
    offsets = [offset for part in odds for offset in part.text_offset]
    assert "".join(tokens) == said
    assert offsets == [len("".join(tokens[:index])) for index in range(len(tokens))]
    for part in odds:
        for token, logprob, likeliest in zip(part.tokens, part.token_logprobs, part.top_logprobs, strict=True):
            assert len(likeliest) == 3
            assert likeliest[token] == logprob == max(likeliest.values()) <= 0  # greedy


def test_without_rivals_the_written_token_is_told(complete):
    odds = complete(logprobs=0).choices[0].logprobs
    assert odds.top_logprobs == [{t: p} for t, p in zip(odds.tokens, odds.token_logprobs, strict=True)]


def test_a_stop_text_ends_it_and_none_of_its_tokens_are_told(complete, said):
    stop = said[8:12]
    choice = complete(stop=["never said", stop], logprobs=0).choices[0]
    assert choice.text == said[: said.index(stop)]
    assert choice.finish_reason == "stop"
    assert all(offset < len(choice.text) for offset in choice.logprobs.text_offset)
    assert "".join(choice.logprobs.tokens).startswith(choice.text)


def test_odds_can_be_bent(complete, smollm2):
    with opened(smollm2, context=128) as engine:
        bear = str(engine.tokenize(" bear")[0])
    assert complete(max_tokens=4, logit_bias={bear: 100}).choices[0].text == " bear" * 4


@pytest.mark.parametrize("penalty", ["frequency_penalty", "presence_penalty"])
def test_penalties_bend_what_is_written(complete, penalty):
    rewarded, punished = (complete(max_tokens=24, **{penalty: size}).choices[0].text for size in (-2, 2))
    assert len(set(rewarded.split())) < len(set(punished.split()))


def test_names_of_special_tokens_are_letters(complete):
    plain = complete("Say <|im_end|> again").usage.prompt_tokens
    assert plain > complete("Say again").usage.prompt_tokens + 3


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"best_of": 2}, "best_of"),
        ({"extra_body": {"grammar": "x"}}, "grammar"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": 2.1}, "temperature"),
        ({"n": 129}, "n"),
        ({"prompt": ["a"] * 65, "n": 2}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": [1, "a"]}, "prompt"),
        ({"prompt": [[]]}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": [1, 2], "suffix": "x"}, "suffix"),
        ({"echo": True, "logprobs": 1}, "logprobs"),
        ({"logit_bias": {"a": 1}}, "logit_bias"),
        ({"stop": [""]}, "stop"),
        ({"stop": 1}, "stop"),
        ({"logprobs": True}, "logprobs"),
    ],
)
def test_what_is_wrong_is_named(complete, wishes, field):
    with pytest.raises(BadRequestError) as caught:
        complete(**wishes)
    assert caught.value.param == field
    assert caught.value.type == "invalid_request_error"


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"prompt": ""}, "empty"),
        ({"prompt": [2**31 - 1]}, "tokens from 0"),
        ({"suffix": "x"}, "hole"),
        ({"logit_bias": {"99999999": 1}}, "bias"),
    ],
)
def test_what_this_model_cannot_take_is_said(complete, wishes, told):
    with pytest.raises(BadRequestError, match=told):
        complete(**wishes)


@pytest.mark.parametrize("streams", [False, True])
def test_too_long_a_prompt_is_an_exact_error(complete, streams):
    with pytest.raises(BadRequestError) as caught:
        complete([PROMPT, "word " * 600], stream=streams)
    assert caught.value.code == "context_length_exceeded"


def test_a_model_elsewhere_only_takes_conversations(server, model, tmp_path):
    with (
        served(tmp_path, f"{server.url}/v1#{model}") as front,
        OpenAI(base_url=f"{front.url}/v1", api_key="none", max_retries=0) as client,
    ):
        name = client.models.list().data[0].id
        with pytest.raises(BadRequestError, match="conversations"):
            client.completions.create(model=name, prompt="a")
        with pytest.raises(BadRequestError, match="conversations"):
            client.embeddings.create(model=name, input="a")


def test_random_bodies_are_answered_or_refused(tmp_path, tiny_glm4):
    """Fields with good and bad values by chance: never an error of the server's own, and no place is left taken."""
    draw, answered = random.Random(3), 0
    values = {
        "prompt": ["a", "", ["a", "b"], [5, 6], [[5], [6, 7]], [], [[]], None, 7, [5, "a"], "<|im_end|>", [2**40]],
        "max_tokens": [1, 3, 0, -1, 10**7, None, "3"],
        "temperature": [0, 0.5, 2, 3, None, True],
        "top_p": [0.1, 1, 0],
        "n": [1, 2, 0, 10**9],
        "seed": [0, -1, 2**63, None],
        "stop": ["a", ["b", "c"], [], [""], {}],
        "echo": [True, False, 1],
        "logprobs": [0, 2, 20, 21, True, None],
        "logit_bias": [{}, {"5": 1}, {"5": 101}, {"-1": 1}, {"99999999": 1}, {"x": 1}],
        "frequency_penalty": [0, 2, -3],
        "stream": [True, False, None],
        "stream_options": [{"include_usage": True}, {}, {"x": 1}, None],
        "suffix": ["", "b", None, 1],
        "best_of": [1],
        "user": ["me", 5],
    }
    with served(tmp_path, tiny_glm4, "--ctx", 128) as server, server.client() as raw:
        for _ in range(400):
            # Good values stand at the front of each list.
            chosen = draw.sample(sorted(values), draw.randrange(5))
            body = {name: values[name][min(draw.randrange(12), draw.randrange(len(values[name])))] for name in chosen}
            answer = raw.post("/v1/completions", json={"prompt": "Once", "max_tokens": 2} | body)
            assert answer.status_code in (200, 400), (body, answer.text)
            assert answer.status_code == 200 or answer.json()["error"]["message"], body
            assert "internal_error" not in answer.text
            answered += answer.status_code == 200
        assert server.figure("running") == server.figure("waiting") == 0
    assert answered > 60
