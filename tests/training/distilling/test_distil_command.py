"""What `demiurgic distil` says of a loop before anything is begun."""

import json

import pytest

from demiurgic.cli import main


def test_it_describes_its_keys(capsys):
    assert main(["distil", "--describe"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["required"] == ["student", "teacher", "out"]
    assert schema["properties"]["answers"]["properties"]["budget"]["type"] == "array"
    assert schema["x-presets"]["tiny-loop"]["recipe"]["tasks"]["source"] == "functions"


def test_a_teacher_of_this_machine_is_free(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["distil", "tiny-loop", "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("free: ")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tiny-loop", "--dry-run", "teacher=anthropic"], "answers.budget=[10usd]"),
        (["tiny-loop", "teacher=anthropic"], "answers.budget=[10usd]"),
        (["tiny-loop", "teacher=http://127.0.0.1:9/v1#m", "answers.price=1/5usd"], "answers.budget=[10usd]"),
        (["tiny-loop", "--dry-run", "teacher=anthropic", "answers.budget=[10cny]"], "USD, in which there is no budget"),
        ([], "tiny-loop"),
    ],
)
def test_what_cannot_be_paid_is_refused(words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-planted")
    assert main(["distil", *words]) == 2
    assert told in capsys.readouterr().err


def test_what_a_teacher_takes_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-planted")
    assert main(["distil", "tiny-loop", "--dry-run", "teacher=anthropic", "answers.budget=[3usd]"]) == 0
    out = capsys.readouterr().out
    assert "160" in out
    assert "budget: 3.00 USD" in out
