"""What is installed: the wheel, its content, and what it does on a machine that has never seen the repository."""

import json
import shutil
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest
from support.environments import built_wheel, environment

ROOT = Path(__file__).parent.parent
HEAVIEST = 2 << 20
FOREIGN = ("node_modules", "__pycache__", ".env", ".git", ".gguf", ".safetensors", ".pem", ".key")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return built_wheel(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The program as its users have it, without two of its extras."""
    folder = tmp_path_factory.mktemp("installed")
    python = environment(folder / "venv", wheel, without=("docker", "docker-*", "ray", "ray-*"))
    home = folder / "home"
    home.mkdir()
    bare = {"PATH": f"{python.parent}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", "COLUMNS": "80"}

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [python.parent / "demiurgic", *map(str, arguments)]
        return subprocess.run(command, cwd=home, env=bare, capture_output=True, text=True, timeout=300, check=False)

    return run


def packaged() -> set[str]:
    """Every file of the packages."""
    tracked = subprocess.check_output(["git", "ls-files", "-z", *packages_listed()], cwd=ROOT, text=True).split("\0")
    return {name.split("/", 1)[1] for name in tracked if name}


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    if shutil.which("git") and (ROOT / ".git").exists():
        assert packaged() <= names
        assert {name for name in names - packaged() if name.endswith(FOREIGN)} == set()
    assert {name for name in names if any(part in FOREIGN for part in Path(name).parts)} == set()
    assert {name.split("/")[0] for name in names} == {path.name for path in map(Path, packages_listed())}
    assert wheel.stat().st_size < HEAVIEST


def test_what_is_no_code_is_there(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for wanted in (
        "demiurgic_models/registry.toml",
        "demiurgic/evaluation/prompts.toml",
        "demiurgic/evaluation/comparing/page.html",
        "demiurgic/evaluation/comparing/standings.html",
        "demiurgic/evaluation/comparing/page.css",
        "demiurgic/evaluation/comparing/page.js",
        "demiurgic/sandbox/docker/Dockerfile",
        "demiurgic_training/generating/taxonomy.toml",
        "demiurgic_training/teachers/prices.toml",
        "demiurgic-0.1.0.dist-info/licenses/LICENSE",
    ):
        assert wanted in names
    assert (
        sum(name.startswith("demiurgic/evaluation/agents/suite/") and name.endswith("task.toml") for name in names) > 40
    )


def test_the_installed_program_says_which_it_is(installed):
    done = installed("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "demiurgic"), done.stderr


def test_the_installed_doctor_knows_what_is_missing(installed):
    done = installed("doctor", "--json")
    found = {f"{finding['of']} {finding['what']}".strip(): finding for finding in json.loads(done.stdout)["findings"]}
    assert done.returncode == 0, done.stdout
    assert found["packages"]["fine"]
    assert found["engine"]["fine"]
    assert found["extras docker"]["mend"] == "pip install 'demiurgic[docker]'"
    assert found["sandbox docker"]["mend"] == "pip install 'demiurgic[docker]'"
    assert found["extras ray"]["says"] == "ray is missing"
    assert "server" in found["extras"]["says"]


def test_the_installed_program_answers(installed, smollm2):
    done = installed("-p", "Say hello.", "--model", smollm2, "--max-tokens", 8, "--context", 1024, "--temperature", 0)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("command", ["models list", "eval agent --help", "data --help", "serve --help", "train --help"])
def test_the_installed_program_has_all_of_its_parts(installed, command):
    done = installed(*command.split())
    assert done.returncode == 0, done.stderr


def packages_listed() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return config["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def test_every_package_on_disk_is_in_the_wheel():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(config["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    roots = ("assistant", "models", "training", "server", "editor-lsp")
    on_disk = {str(path.parent.relative_to(ROOT)) for root in roots for path in ROOT.glob(f"{root}/*/__init__.py")}
    assert listed == on_disk


def test_no_file_grows_beyond_its_budget():
    files = [
        path
        for root in ("assistant", "models", "server", "editor-lsp", "training", "bench", "tests")
        for path in (ROOT / root).rglob("*.py")
    ]
    assert {str(path): lines for path in files if (lines := len(path.read_text().splitlines())) > 500} == {}


def test_the_version_pins_name_no_host():
    assert "://" not in (ROOT / "constraints.txt").read_text()
