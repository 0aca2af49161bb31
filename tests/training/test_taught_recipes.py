"""Two recipes of the documentation, typed as they stand, and what they taught asked over HTTP as well."""

import json
from pathlib import Path

import pytest
from support.reader import Reader, blocks
from support.serving import served

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "training/configs/recipes"

pytestmark = pytest.mark.slow


def followed(page: str, home: Path) -> Path:
    """The folder in which all of a page was typed. What its models are asked and answer stands on the page."""
    reader = Reader(home, set())
    for block in blocks(ROOT / "docs/recipes" / page):
        if block.tried:
            reader.follow(block)
    return reader.folder


def test_intents_are_taught_and_told_over_http_as_on_the_page(tmp_path):
    folder = followed("intents.md", tmp_path)
    labels = (RECIPES / "data/intents-labels.txt").read_text().splitlines()
    body = {"labels": labels, "text": "hello, how much data is left today", "system": "Name the intent."}
    with (
        served(tmp_path, folder / "runs/intents-tiny/export/tiny-intents-F32.gguf") as server,
        server.client() as client,
    ):
        answered = client.post("/v1/intents/classify", json={**body, "answer": "{label}"})
    (result,) = answered.raise_for_status().json()["results"]
    assert result["label"] == "data left"
    assert result["probability"] > 0.9


def test_a_character_is_taught_and_speaks_over_http_as_on_the_page(tmp_path):
    folder = followed("character.md", tmp_path)
    body = {
        "session_meta": json.loads((RECIPES / "data/mira.json").read_text()),
        "messages": [{"role": "user", "content": "What do you read?"}],
        "temperature": 0,
    }
    gguf = folder / "runs/character-tiny/export/characterglm-tiny-F32.gguf"
    with served(tmp_path, gguf) as server, server.client() as client:
        answered = client.post("/v1/characters/chat", json=body)
    said = answered.raise_for_status().json()["message"]["content"]
    assert said == "Tide tables. They are honest, and they end."
