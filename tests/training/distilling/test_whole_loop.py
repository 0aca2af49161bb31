"""The real stages from end to end, with the smallest student there is, LoRA, and a teacher who knows every answer."""

import json
from pathlib import Path

import pytest
from support.teaching_server import TeachingServer
from support.tiny_students import tiny_student

from demiurgic.cli import main
from demiurgic_models.gguf import inspect
from demiurgic_training.distilling.functions import make_functions, told_of

TASKS = 12
PLAN = """
student: {student}
teacher: {teacher}
out: {out}
tasks: {{source: functions, count: 12}}
problems: {{source: functions, count: 6, prompt: one-return, max_tokens: 8, parallel: 6}}
answers: {{tries: 1, max_tokens: 60, price: 0/0usd}}
cleaning: {{duplicates: exact}}
lengths: {{max_length: 512}}
weights: {{kind: lora, rank: 4}}
optimiser: {{learning_rate: 1e-2, batch: 4, steps: 6}}
running: {{precision: fp32}}
exporting: {{quantisations: [F16], name: tiny, register: false}}
"""
ANSWERS = {
    told_of(each): f"```python\n{each.prompt}{each.canonical_solution}```"
    for each in make_functions(TASKS, 0, 0).learned
}


def answered(asked: str) -> str:
    return next(answer for told, answer in ANSWERS.items() if told in asked)


def made(out: Path, stage: str) -> Path:
    (folder,) = (out / "stages").glob(f"{stage}-*")
    assert (folder / "done.json").is_file()
    return folder


@pytest.mark.slow
def test_an_adapter_is_taught_merged_exported_and_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in ("CONFIG", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("DEMIURGIC_DISK_CACHE", "0")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    student, out, plan = (
        tiny_student(tmp_path / "student", "glm4", hidden=32),
        tmp_path / "loop",
        tmp_path / "loop.yaml",
    )
    with TeachingServer(write=answered) as server:
        plan.write_text(PLAN.format(student=student, teacher=f"{server.url}/v1#knowing", out=out))
        assert main(["distil", str(plan)]) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out
    run, export = made(out, "train") / "run", made(out, "export") / "export"
    assert (run / "model" / "adapter_model.safetensors").is_file()
    assert (run / "merged" / "model.safetensors").is_file()
    certificate = json.loads((export / "tiny.certificate.json").read_text())
    assert certificate["agrees"]
    taught, base = export / "tiny-F16.gguf", next((made(out, "base") / "export").glob("*.gguf"))
    assert inspect(taught).parameters == inspect(base).parameters
    assert taught.read_bytes() != base.read_bytes()
    assert f"base_model: {student}\n" in (export / "tiny.md").read_text()
    page = (made(out, "report") / "report.html").read_text()
    assert printed.startswith("Whether the student is better than its base cannot be said: 0.0 % before")
    assert "<th>p, Holm</th>" in page
    assert "<b>B</b> student, F16" in page
    assert f"<tr><th>rows to learn from</th><td>{TASKS}</td>" in page
    assert "kind: lora" in page
