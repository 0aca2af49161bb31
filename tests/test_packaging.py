import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_package_on_disk_is_in_the_wheel():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = set(config["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    roots = ("assistant", "models", "training", "server", "editor-lsp")
    on_disk = {str(path.parent.relative_to(ROOT)) for root in roots for path in ROOT.glob(f"{root}/*/__init__.py")}
    assert listed == on_disk


def test_no_file_grows_beyond_its_budget():
    files = [
        path
        for root in ("assistant", "models", "server", "editor-lsp", "bench", "tests")
        for path in (ROOT / root).rglob("*.py")
    ]
    assert {str(path): lines for path in files if (lines := len(path.read_text().splitlines())) > 500} == {}


def test_the_version_pins_name_no_host():
    assert "://" not in (ROOT / "constraints.txt").read_text()
