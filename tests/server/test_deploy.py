"""What the server is deployed with: the unit is one that systemd takes, and what it starts keeps to its folders."""

import shutil
import subprocess
from pathlib import Path

import pytest
from support.serving import listening

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "server" / "deploy"
PROGRAM = "/opt/demiurgic/bin/demiurgic"
ANALYZE = shutil.which("systemd-analyze")
SAFE = 20
"""How exposed a unit may be by systemd's own reckoning, in tenths."""


def values(name: str) -> list[str]:
    """All values of one setting of the unit."""
    lines = (DEPLOY / "demiurgic.service").read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not installed")
def test_systemd_takes_the_unit_and_finds_it_confined(tmp_path):
    unit = tmp_path / "demiurgic.service"
    unit.write_text((DEPLOY / unit.name).read_text().replace(PROGRAM, shutil.which("true")))
    taken = subprocess.run([ANALYZE, "verify", unit], capture_output=True, text=True, check=False)
    assert (taken.returncode, taken.stdout + taken.stderr) == (0, "")
    command = [ANALYZE, "security", "--offline=true", f"--threshold={SAFE}", "--no-pager", unit]
    confined = subprocess.run(command, capture_output=True, text=True, check=False)
    assert confined.returncode == 0, confined.stdout


def test_the_unit_starts_a_server_that_keeps_to_its_folders(tmp_path, tiny_glm4):
    credentials, state, cache = (tmp_path / name for name in ("credentials", "state", "cache"))
    for folder in (credentials, state / "demiurgic", cache):
        folder.mkdir(parents=True)
    (credentials / "keys").write_text("the-key\n")

    def filled(text: str) -> str:
        return text.replace("%d", str(credentials)).replace("%S", str(state)).replace("%C", str(cache))

    settings = (word.strip('"') for value in values("Environment") for word in value.split())
    environment = dict(filled(setting).split("=", 1) for setting in settings)
    [command] = values("ExecStart")
    program, *words = filled(command.replace("$SERVE_OPTIONS", f"--model {tiny_glm4} --port 0")).split()
    assert program == PROGRAM
    with listening(tmp_path, "-m", "demiurgic", *words, **environment) as server:
        with server.client() as client:
            assert client.get("/v1/models").status_code == 401
            known = client.get("/v1/models", headers={"authorization": "Bearer the-key"})
        assert known.json()["data"][0]["id"] == "glm4"
        assert server.stop() == 0
    assert {path.name for path in tmp_path.iterdir()} <= {"credentials", "state", "cache", "serve.log"}
