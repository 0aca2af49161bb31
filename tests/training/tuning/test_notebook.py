"""The notebook, cell by cell, as it stands: its Python here, its `!` lines in a shell. Only the cell that installs the
program is left out, and no Jupyter is needed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from demiurgic_training.tuning.folder import RunFolder
from demiurgic_training.tuning.presets import folder as configs

NOTEBOOK = configs().parent / "notebooks" / "finetune.ipynb"


def cells() -> list[dict]:
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert notebook["nbformat"] == 4
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_the_cell_that_is_left_out_installs_and_nothing_else():
    left_out = [cell for cell in cells() if "install" in cell["metadata"].get("tags", [])]
    assert ["".join(cell["source"]) for cell in left_out] == ['%pip install -q "demiurgic[train]"']


def test_all_other_cells_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_DATA_HOME": str(tmp_path / "data")}
    environment["DEMIURGIC_MODELS_DIR"] = str(tmp_path / "models")
    environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # as in an environment that is active
    names: dict[str, object] = {}
    for cell in cells():
        source = "".join(cell["source"])
        if source.startswith("!"):
            command = source[1:].format(**names)
            done = subprocess.run(command, shell=True, text=True, capture_output=True, env=environment, check=False)
            assert done.returncode == 0, done.stderr
        elif "install" not in cell["metadata"].get("tags", []):
            exec(compile(source, str(NOTEBOOK), "exec"), names)
    printed = capsys.readouterr().out
    folder = RunFolder(tmp_path / "taught")
    assert folder.model.is_dir()
    assert "60 What does the cat say? ->" in printed
    assert "taught-Q8_0.gguf" in printed or list(folder.exports.glob("*.gguf"))
