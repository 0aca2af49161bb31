"""`demiurgic export` as its users meet it: the files, their papers, the name afterwards, and what goes wrong."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import safetensors.torch
import torch
from support.exported import adapter, base
from support.tiny_students import tiny_student

from demiurgic.cli import main
from demiurgic.compose import open_chat
from demiurgic.config import load_settings
from demiurgic.errors import WorkError
from demiurgic.messages import User
from demiurgic_models.gguf import inspect
from demiurgic_training.exporting.running import export
from demiurgic_training.exporting.wish import Quantisation, Wish
from demiurgic_training.files import write_items
from demiurgic_training.rows import asked


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    torch.set_num_threads(1)
    for name in ("CONFIG", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("DEMIURGIC_DISK_CACHE", "0")
    monkeypatch.chdir(tmp_path)


def a_run(folder: Path, **size: int) -> Path:
    """A run that has ended: its recipe, its rows, and the adapter that it came to."""
    rows = [
        asked(
            f"What is {n}?", "A number.", meta={"teacher": "glm-big", "licence": "MIT", "source": "seeds.jsonl", **cost}
        )
        for n, cost in enumerate(
            [{"cost": {"amount": 0.25, "currency": "USD"}}, {"cost": {"amount": 0.5, "currency": "USD"}}, {}]
        )
    ]
    write_items(folder.parent / "rows.jsonl", rows)
    of = base(folder.parent, "glm4", **size)
    (of / "README.md").write_text("---\nlicense: mit\n---\n# A model\n")
    folder.mkdir()
    recipe = {"model": str(of), "data": {"train": str(folder.parent / "rows.jsonl")}, "out": str(folder)}
    (folder / "recipe.yaml").write_text(json.dumps(recipe))
    adapter(folder / "model", of)
    return folder


def kept(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def test_a_run_becomes_a_model_that_can_be_talked_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run = a_run(tmp_path / "My Run", hidden=256, layers=1)
    assert main(["export", str(run), "--quant", "Q4_K_M,q8_0", "--quant", "Q6_K"]) == 0
    told = capsys.readouterr()
    assert kept(run / "export") == {
        "my-run-Q4_K_M.gguf",
        "my-run-Q8_0.gguf",
        "my-run-Q6_K.gguf",
        "my-run.certificate.json",
        "my-run.md",
        "my-run.Modelfile",
    }
    certificate = json.loads((run / "export" / "my-run.certificate.json").read_text())
    assert certificate["agrees"]
    lost = {file["form"]: file["measured"]["divergence"] for file in certificate["files"]}
    assert lost["F32"] < 1e-6 < lost["Q8_0"] < lost["Q6_K"] < lost["Q4_K_M"]
    assert [inspect(run / "export" / f"my-run-{form}.gguf").quantisation for form in ("Q4_K_M", "Q8_0", "Q6_K")] == [
        "Q4_K_M",
        "Q8_0",
        "Q6_K",
    ]
    card = (run / "export" / "my-run.md").read_text()
    assert "3 rows." in card
    assert "| glm-big | 3 |" in card
    assert "Teachers were paid 0.75 USD." in card
    assert "license: mit" in card
    assert str(tmp_path / "rows.jsonl") in card
    assert "Warning" not in card
    assert "demiurgic --model my-run-q8_0" in told.out
    assert "merging the adapter" in told.err
    assert (run / "merged" / "config.json").is_file()
    settings = load_settings(tmp_path)
    for name in ("my-run", "my-run-q8_0", "my-run-q6_k"):
        chat = open_chat(settings, name)
        assert chat.count_tokens((User("Hello"),)) > 0
        chat.close()


def test_what_fails_is_not_registered_unless_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = tiny_student(tmp_path / "student", "qwen2")
    (folder / "chat_template.jinja").write_text(
        "{% for m in messages %}{{ m.role }}: {% generation %}{{ m.content }}{% endgeneration %}\n{% endfor %}"
    )
    command = ["export", str(folder), "--quant", "Q8_0", "--name", "wrong", "--out", str(tmp_path / "out")]
    assert main(command) == 1
    assert "chat template (made for training)" in capsys.readouterr().err
    assert kept(tmp_path / "out") == {"wrong.failed.json"}
    assert not (tmp_path / "config" / "demiurgic" / "registry.toml").exists()
    assert main([*command, "--force"]) == 0
    assert kept(tmp_path / "out") == {"wrong-Q8_0.gguf", "wrong.certificate.json", "wrong.md", "wrong.Modelfile"}
    card = (tmp_path / "out" / "wrong.md").read_text()
    assert "failed its own certificate and was made with `--force`" in card
    assert "> - F32: chat template (made for training)" in card
    assert "wrong" in (tmp_path / "config" / "demiurgic" / "registry.toml").read_text()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["nowhere"], "there is no folder nowhere"),
        (["empty"], "holds no run, no checkpoint and no adapter"),
        (["begun"], "has not ended"),
        (["empty", "--quant", "Q3_X"], "there is no form 'Q3_X'"),
        (["student", "--name", "Not A Name"], "cannot name a model"),
        (["student", "--name", "smollm2-135m"], "comes with the program"),
        (["tuned"], "was taught by P-tuning"),
        (["odd"], "of the kind IA3"),
        (["orphan"], "is not on this machine"),
        (["listed"], "adapter_config.json holds no object of JSON; copy it anew"),
        (["halved"], "model.safetensors is damaged: Error while deserializing header"),
        (["bare"], "holds no model*.safetensors; name the folder"),
        (["speechless"], "tokenizer from one of; it needs config.json"),
        (["real", "--out", "real/config.json"], "real/config.json cannot be made: File exists; name another folder"),
        (["real", "--out", "real/config.json/out"], "cannot be made: Not a directory"),
    ],
)
def test_wrong_wishes_are_refused_before_any_work(words: list[str], problem: str, tmp_path: Path, capsys):
    for name in ("empty", "begun", "student", "tuned", "odd", "orphan"):
        (tmp_path / name).mkdir()
    (tmp_path / "begun" / "recipe.yaml").write_text("model: x\ndata: {train: y}\n")
    (tmp_path / "student" / "config.json").write_text("{}")
    for name, kind in (("tuned", "PREFIX_TUNING"), ("odd", "IA3"), ("orphan", "LORA")):
        held = {"peft_type": kind, "base_model_name_or_path": "nobody/nothing"}
        (tmp_path / name / "adapter_config.json").write_text(json.dumps(held))
    (tmp_path / "listed").mkdir()
    (tmp_path / "listed" / "adapter_config.json").write_text("[]")
    real = tiny_student(tmp_path / "real", "llama")
    for name in ("halved", "bare", "speechless"):
        shutil.copytree(real, tmp_path / name)
    os.truncate(tmp_path / "halved" / "model.safetensors", 1000)
    (tmp_path / "bare" / "model.safetensors").unlink()
    (tmp_path / "speechless" / "tokenizer.json").unlink()
    (tmp_path / "speechless" / "tokenizer_config.json").unlink()
    capsys.readouterr()
    before = set(tmp_path.iterdir())
    assert main(["export", *words]) == 2
    told = capsys.readouterr()
    assert problem in told.err
    assert set(tmp_path.iterdir()) == before
    assert list(tmp_path.rglob("*.gguf")) == []


@pytest.mark.parametrize(("change", "what"), [("gone", "1 are missing"), ("other", "are mismatched")])
def test_weights_that_are_not_those_of_the_config_are_refused(change: str, what: str, tmp_path: Path, capsys):
    folder = tiny_student(tmp_path / "student", "llama")
    config = json.loads((folder / "config.json").read_text())
    if change == "gone":
        weights = safetensors.torch.load_file(folder / "model.safetensors")
        del weights["model.norm.weight"]
        safetensors.torch.save_file(weights, folder / "model.safetensors", {"format": "pt"})
    else:
        (folder / "config.json").write_text(json.dumps({**config, "intermediate_size": 64}))
    capsys.readouterr()
    assert main(["export", str(folder), "--quant", "Q8_0"]) == 2
    told = capsys.readouterr().err
    assert "are not those of its config.json" in told
    assert what in told
    assert "MISMATCH" not in told


def test_a_model_that_memory_cannot_hold_is_refused_before_it_is_merged_or_written(tmp_path: Path, capsys):
    """Its file has a hole where the weights would be, and takes no room."""
    folder = tiny_student(tmp_path / "student", "llama")
    source = adapter(tmp_path / "adapter", folder)
    weights = psutil.virtual_memory().total // 4
    header = {"vast": {"dtype": "BF16", "shape": [weights], "data_offsets": [0, 2 * weights]}}
    head = json.dumps(header).encode()
    with (folder / "model-vast.safetensors").open("wb") as file:
        file.write(len(head).to_bytes(8, "little") + head)
        file.truncate(8 + len(head) + 2 * weights)
    capsys.readouterr()
    for one in (folder, source):
        assert main(["export", str(one), "--quant", "Q4_0", "--out", str(tmp_path / "out")]) == 1
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 2, told
        assert f"{weights // 10**9}" in told[0].replace(",", "")
        assert "of the disk while it is made, and" in told[0]
        assert " are free" in told[1]
    assert not (tmp_path / "out").exists()


def test_a_kill_leaves_no_file_and_the_next_export_is_whole(tmp_path: Path):
    folder = tiny_student(tmp_path / "student", "llama")
    out = tmp_path / "out"
    command = ["export", str(folder), "--quant", "Q8_0", "--out", str(out), "--no-register"]
    with subprocess.Popen(
        [sys.executable, "-m", "demiurgic", *command], stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "comparing Q8_0" in line:
                break
        helpers = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGKILL)
    psutil.wait_procs(helpers, timeout=10)  # they hold the folder's lock as long as they die
    assert process.returncode == -signal.SIGKILL
    assert kept(out) == set()
    assert (out / ".student.making" / "student-Q8_0.gguf").is_file()
    assert main(command) == 0
    assert "student-Q8_0.gguf" in kept(out)
    assert not (out / ".student.making").exists()
    assert not (tmp_path / "config" / "demiurgic" / "registry.toml").exists()


def test_who_stops_an_export_finds_nothing_half_there(tmp_path: Path):
    folder, out = tiny_student(tmp_path / "student", "llama"), tmp_path / "out"
    command = ["export", str(folder), "--quant", "Q8_0", "--out", str(out), "--no-register"]
    with subprocess.Popen([sys.executable, "-m", "demiurgic", *command], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "comparing F32" in line:
                break
        process.terminate()
        process.wait()
    assert process.returncode == 130
    assert [path.name for path in out.iterdir()] == [".student.lock"]


@contextmanager
def filling(moment: str):
    """What hears of an export, and from this moment on no file may grow beyond 100 kB."""
    heard: list[str] = []
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)

    def hear(what: str) -> None:
        heard.append(what)
        if what.startswith(moment):
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, usual[1]))

    try:
        yield hear
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert heard[-1].startswith(moment)


@pytest.mark.parametrize("moment", ["merging", "writing F32", "writing Q8_0"])
def test_a_disk_that_fills_leaves_nothing_half_there(moment: str, tmp_path: Path):
    folder = tiny_student(tmp_path / "student", "llama")
    source = adapter(tmp_path / "adapter", folder) if moment == "merging" else folder
    out = tmp_path / "out"
    out.mkdir()
    (out / "student-Q8_0.gguf").write_bytes(b"an earlier export")
    wish = Wish(source, (Quantisation.Q8_0,), out, "student", register=False)
    with filling(moment) as hear, pytest.raises(WorkError, match=r"could not be (written|made)"):
        export(wish, hear)
    assert kept(out) == {"student-Q8_0.gguf"}
    assert (out / "student-Q8_0.gguf").read_bytes() == b"an earlier export"
    assert not (out / ".student.making").exists()
