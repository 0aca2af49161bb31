"""Intents over a real server: labels with their odds, one text or many, adapters, and clients that leave."""

import time
from contextlib import suppress

import httpx2
import pytest
from support.serving import served

PATH = "/v1/intents/classify"
LABELS = ["balance", "transfer", "card lost", "card arrival"]
TEXTS = ["how much money do I have", "send ten pounds to my brother", "somebody stole my card", "where is my card"]


@pytest.fixture(scope="module")
def server(tmp_path_factory, smollm2):
    with served(tmp_path_factory.mktemp("server"), smollm2, "--ctx", 1024, "--parallel", 4) as server:
        yield server


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, tiny_glm4, tiny_lora):
    folder = tmp_path_factory.mktemp("tiny")
    with served(folder, tiny_glm4, "--ctx", 1024, "--parallel", 3, "--lora", f"bent={tiny_lora}@2") as server:
        yield server


def asked(server, **wishes):
    with server.client() as client:
        return client.post(PATH, json={"labels": LABELS, **wishes})


def results(server, **wishes):
    answer = asked(server, **wishes)
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def odds(result) -> dict[str, float]:
    return {each["label"]: each["probability"] for each in result["likeliest"]}


def apart(one, other) -> float:
    """How far the odds of any label are apart."""
    return max(abs(odds(one).get(label, 0.0) - odds(other).get(label, 0.0)) for label in LABELS)


def test_each_text_gets_a_label_and_the_odds_of_all(server):
    told = results(server, texts=TEXTS, tolerance=0)
    assert len(told) == len(TEXTS)
    for result in told:
        assert set(odds(result)) == set(LABELS)
        assert sum(odds(result).values()) == pytest.approx(1, abs=1e-4)
        assert list(odds(result).values()) == sorted(odds(result).values(), reverse=True)
        assert (result["label"], result["probability"]) == next(iter(odds(result).items()))
        assert 0 < result["any_label"] <= 1
        assert not result["shortened"]


def test_a_text_gets_the_same_odds_alone_and_among_others(tiny):
    texts = [*TEXTS, *(f"{text}, please" for text in TEXTS)]  # more than there are places
    together = results(tiny, texts=texts, tolerance=0)
    for text, result in zip(texts, together, strict=True):
        [alone] = results(tiny, text=text, tolerance=0)
        assert alone["any_label"] == pytest.approx(result["any_label"], rel=0.02)
        assert apart(alone, result) < 0.005
    likely = [result["any_label"] for result in together]
    assert max(likely) > 1.1 * min(likely)


def test_only_so_many_are_told_as_are_wanted(server):
    [result] = results(server, text=TEXTS[0], top=2, tolerance=0)
    [whole] = results(server, text=TEXTS[0], tolerance=0)
    assert list(odds(result)) == list(odds(whole))[:2]


def test_what_the_model_is_told_decides(server):
    [listed] = results(server, text=TEXTS[0], tolerance=0)
    [described] = results(server, text=TEXTS[0], tolerance=0, descriptions={"transfer": "how much money there is"})
    [other] = results(server, text=TEXTS[0], tolerance=0, system="Say nothing.")
    assert len({listed["any_label"], described["any_label"], other["any_label"]}) == 3
    [spelled] = results(server, text=TEXTS[0], tolerance=0, answer="意图：{index}:{label}")
    assert spelled["any_label"] < listed["any_label"]


def test_too_long_a_text_is_shortened_and_that_is_told(tiny):
    short, long = results(tiny, texts=["my card", "I say it again and again. " * 200])
    assert (short["shortened"], long["shortened"]) == (False, True)
    assert long["label"] in LABELS


def test_an_adapter_decides_too(tiny):
    plain, again, bent = (results(tiny, texts=TEXTS, tolerance=0, model=model) for model in ("glm4", "glm4", "bent"))
    assert max(map(apart, plain, again)) < 0.005
    assert max(map(apart, plain, bent)) > 0.01


def test_a_client_that_leaves_frees_all_places_at_once(server):
    texts = [f"{number} " + "and so on " * 300 for number in range(200)]
    with server.client() as client, suppress(httpx2.ReadTimeout):
        client.post(PATH, json={"labels": LABELS, "texts": texts}, timeout=1.5)
        pytest.fail("it was done too soon to be left")
    left = time.monotonic()
    while server.figure("running"):
        assert time.monotonic() - left < 2
        time.sleep(0.02)
    [result] = results(server, text=TEXTS[0])
    assert result["label"] in LABELS


def test_a_remote_model_is_refused(tmp_path, server):
    with server.client() as client:
        name = client.get("/v1/models").json()["data"][0]["id"]
    with served(tmp_path, f"{server.url}/v1#{name}", "--ctx", 1024) as front:
        answer = asked(front, text="x")
    assert answer.status_code == 400
    assert "does not run here" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({}, "texts"),
        ({"text": "x", "texts": ["y"]}, "texts"),
        ({"texts": []}, "texts"),
        ({"texts": ["x"] * 257}, "texts"),
        ({"text": ""}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"text": "x", "labels": ["one"]}, "labels"),
        ({"text": "x", "labels": ["one", "one "]}, "labels"),
        ({"text": "x", "labels": ["one", "t\nwo"]}, "labels.1"),
        ({"text": "x", "descriptions": {"three": "3"}}, "descriptions"),
        ({"text": "x", "answer": "intent"}, "answer"),
        ({"text": "x", "top": 0}, "top"),
        ({"text": "x", "tolerance": 1}, "tolerance"),
        ({"text": "x", "stream": True}, "stream"),
    ],
)
def test_what_is_wrong_is_named(server, wishes, field):
    answer = asked(server, **wishes)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == field
