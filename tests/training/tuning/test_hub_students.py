"""Students that are named as the hub names them: fetched from a server that speaks as the hub does."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.file_servers import Hub, serving
from support.pulls import NOWHERE
from support.small_runs import write_rows
from transformers import AutoModelForCausalLM

NAME = "someone/tiny-student"
OTHERS = ("README.md", "consolidated.safetensors", "pytorch_model.bin", "picture.png")
"""What repositories hold besides, and nobody here needs."""


@pytest.fixture(scope="module")
def published(student, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint whose weights are in several files."""
    folder = tmp_path_factory.mktemp("hub") / "tiny-student"
    model = AutoModelForCausalLM.from_pretrained(student("glm4"))
    model.save_pretrained(folder, max_shard_size="200KB")
    for file in student("glm4").glob("*token*"):
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "chat_template.jinja").write_bytes((student("glm4") / "chat_template.jinja").read_bytes())
    for name in OTHERS:
        (folder / name).write_bytes(b"nobody needs this")
    return folder


def ran(url: str, home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HF_ENDPOINT": url, "HF_HOME": str(home / "hub"), "OMP_NUM_THREADS": "1"}
    line = [sys.executable, *command]
    return subprocess.run(line, capture_output=True, text=True, env=environment, timeout=300, check=False)


def train(url: str, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    rows = write_rows(home / "rows.jsonl", 8)
    recipe = home / "recipe.yaml"
    recipe.write_text(
        f"model: {NAME}\ndata: {{train: {rows}, max_length: 256}}\nout: {home / 'run'}\n"
        "weights: {rank: 2}\noptimiser: {steps: 2, batch: 2}\n"
    )
    return ran(url, home, "-m", "demiurgic", "train", str(recipe), *arguments)


def fetch(url: str, home: Path) -> subprocess.CompletedProcess[str]:
    """What training does first, without the rest of it."""
    program = f"from demiurgic_training.tuning.sources import located; print(located({NAME!r}))"
    return ran(url, home, "-c", program)


def weights(folder: Path) -> set[str]:
    return {file.name for file in folder.glob("model-*.safetensors")}


def test_a_student_is_fetched_once_taught_and_exported_by_its_name(published: Path, tmp_path: Path):
    hub = Hub(NAME, published)
    with serving(hub) as url:
        taught = train(url, tmp_path)
        assert taught.returncode == 0, taught.stderr
        assert taught.stdout == f"model: {tmp_path / 'run' / 'model'}\n"
        fetched = hub.fetched()
        assert len(weights(published)) > 2
        assert weights(published) <= set(fetched)
        assert not {*OTHERS} & {*fetched}
        assert len(fetched) == len({*fetched})
        assert fetch(url, tmp_path).returncode == 0
        assert hub.fetched() == fetched
    without_network = fetch(NOWHERE, tmp_path)
    assert weights(Path(without_network.stdout.strip())) == weights(published), without_network.stderr
    run = tmp_path / "run"
    exported = ran(NOWHERE, tmp_path, "-m", "demiurgic", "export", str(run), "--quant", "F16", "--no-register")
    assert exported.returncode == 0, exported.stderr
    assert f"base_model: {NAME}\n" in (run / "export" / "run.md").read_text()


def test_what_would_be_needed_is_told_without_weights(published: Path, tmp_path: Path):
    hub = Hub(NAME, published)
    with serving(hub) as url:
        told = train(url, tmp_path, "--dry-run")
    assert told.returncode == 0, told.stderr
    assert "fits: " in told.stdout
    assert "config.json" in hub.fetched()
    assert not [name for name in hub.fetched() if name.endswith((".safetensors", ".bin"))]


class Cut(Hub):
    """Breaks off within one file, when all others have been sent, and is gone then."""

    def file(self, path: str) -> bytes | None:
        content = super().file(path)
        if path.endswith(LAST) and self.asked[-1][0] != "HEAD":
            while weights(self.folder) - {*self.fetched()}:
                time.sleep(0.01)
            time.sleep(1)
            self.break_after, self.dies = 1000, True
        return content


LAST = "model-00002-of-00004.safetensors"


def test_a_fetch_that_is_cut_off_goes_on_with_what_is_missing(published: Path, tmp_path: Path):
    with serving(Cut(NAME, published)) as url:
        told = fetch(url, tmp_path)
    assert f"WorkError: there is no folder {NAME}, and it cannot be fetched" in told.stderr.splitlines()[-1]
    (snapshot,) = (tmp_path / "hub" / "hub").glob("models--*/snapshots/*")
    assert weights(published) - weights(snapshot) == {LAST}
    without_network = fetch(NOWHERE, tmp_path).stderr.splitlines()[-1]
    assert "is incomplete: 1 file(s) are missing" in without_network
    assert "is the machine online" in without_network
    hub = Hub(NAME, published)
    with serving(hub) as url:
        assert fetch(url, tmp_path).returncode == 0
    assert hub.fetched() == [LAST]


def only_line(told: subprocess.CompletedProcess[str]) -> str:
    lines = told.stderr.strip().splitlines()
    assert len(lines) == 1, told.stderr
    return lines[0]


def test_an_unknown_repository_is_one_line(published: Path, tmp_path: Path):
    with serving(Hub("someone/else", published)) as url:
        told = train(url, tmp_path)
    assert told.returncode == 2
    assert f"there is no folder {NAME}, and no model of this name on the hub" in only_line(told)


def test_a_name_that_the_hub_cannot_have_is_one_line(tmp_path: Path):
    told = train(NOWHERE, tmp_path, "model=some--one/tiny", "--dry-run")
    assert told.returncode == 2
    assert "no model of this name on the hub" in only_line(told)


def test_without_a_network_it_is_told_what_to_do(tmp_path: Path):
    told = train(NOWHERE, tmp_path)
    assert told.returncode == 1
    line = only_line(told)
    assert f"{NAME}, and it cannot be fetched from the hub: ConnectError" in line
    assert "is the machine online" in line
