"""Recipes of the documentation from their data to an answer: intents, and a character."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.serving import served

RECIPES = Path(__file__).parents[2] / "training/configs/recipes"
LABELS = RECIPES / "data/intents-labels.txt"
TAUGHT = "Name the intent."

pytestmark = pytest.mark.slow


def demiurgic(folder: Path, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "demiurgic", *map(str, arguments)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_intents_are_taught_and_the_gguf_tells_them_as_the_checkpoint_does(tmp_path):
    table = RECIPES / "data/intents.csv"
    spelled = ("--labels", LABELS, "--system-prompt", TAUGHT, "--answer", "{label}")
    demiurgic(tmp_path, "data", "convert", "intents", table, *spelled, "--out", "intents")
    demiurgic(tmp_path, "train", RECIPES / "intents-tiny.yaml")
    demiurgic(tmp_path, "export", "runs/intents-tiny", "--quant", "F32", "--name", "tiny-intents", "--no-register")
    gguf = tmp_path / "runs/intents-tiny/export/tiny-intents-F32.gguf"
    asked = ("--test", "intents/test.jsonl", "--labels", LABELS, "--out", "scores")
    demiurgic(tmp_path, "eval", "intents", "--model", "runs/intents-tiny/model", gguf, *asked)
    (difference,) = json.loads((tmp_path / "scores/comparison.json").read_text())
    assert (difference["gained"], difference["lost"]) in (([], []), (0, 0)), difference
    told = demiurgic(
        tmp_path,
        "eval",
        "intents",
        "--model",
        gguf,
        "--test",
        "intents/test.jsonl",
        "--labels",
        LABELS,
        "--out",
        "again",
    )
    accuracy = float(next(line.split()[1] for line in told.splitlines() if line.strip().startswith("accuracy")))
    assert accuracy >= 95
    text = "hello, how much data is left today"
    for model in (gguf, "runs/intents-tiny/model"):
        line = demiurgic(tmp_path, "classify", "--model", model, "--labels", LABELS, "--system", TAUGHT, text)
        assert line.startswith(f"{text}\tdata left")
    with served(tmp_path, gguf) as server, server.client() as client:
        body = {"labels": LABELS.read_text().splitlines(), "text": text, "system": TAUGHT, "answer": "{label}"}
        (result,) = client.post("/v1/intents/classify", json=body).raise_for_status().json()["results"]
    assert result["label"] == "data left"
    assert result["probability"] > 0.9


def test_a_character_is_taught_and_speaks_in_the_terminal_and_over_http(tmp_path):
    shutil.copytree(RECIPES.parent / "tiny-glm", tmp_path / "characterglm-tiny")
    demiurgic(tmp_path, "data", "convert", "characters", RECIPES / "data/talks.jsonl", "--out", "talks.jsonl")
    demiurgic(tmp_path, "train", RECIPES / "character-tiny.yaml", "epochs=16")
    demiurgic(
        tmp_path, "export", "runs/character-tiny", "--quant", "F32", "--name", "characterglm-tiny", "--no-register"
    )
    gguf = tmp_path / "runs/character-tiny/export/characterglm-tiny-F32.gguf"
    asked, answer = "What do you read?", "Tide tables. They are honest, and they end."
    mira = RECIPES / "data/mira.json"
    told = demiurgic(tmp_path, "talk", "--model", gguf, "--character", mira, "--temperature", 0, asked)
    assert told == f"[Mira] {answer}\n"
    with served(tmp_path, gguf) as server, server.client() as client:
        body = {
            "session_meta": json.loads(mira.read_text()),
            "messages": [{"role": "user", "content": asked}],
            "temperature": 0,
        }
        said = client.post("/v1/characters/chat", json=body).raise_for_status().json()
    assert said["message"]["content"] == answer
