"""Which folders outside a workspace its programs cannot do without, and where in it programs are looked for.

A virtual environment says where its interpreter lies, and whoever wrote the workspace wrote that. So only folders
that hold a Python's own parts are ever named, whatever it says. Interpreters that the system provides are not named:
every sandbox shows them.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from demiurgic_models.reading import read_small

_PARTS = ("bin", "lib", "lib64", "include")
_SYSTEM = Path("/usr")
_ENVIRONMENTS = (".venv", "venv")


def project_folders(workspace: Path) -> tuple[Path, ...]:
    """What the workspace's virtual environments need from outside, for `Policy.readable`."""
    found: list[Path] = []
    for name in _ENVIRONMENTS:
        prefix = _interpreter_of(workspace / name)
        if prefix is not None:
            found += _parts(prefix)
    return tuple(dict.fromkeys(found))


def own_interpreter() -> tuple[Path, ...]:
    """What the Python needs that runs this program."""
    return tuple(_parts(Path(sys.base_prefix)))


def program_folders(workspace: Path) -> tuple[Path, ...]:
    """Folders of the workspace that hold programs."""
    wanted = [*(workspace / name / "bin" for name in _ENVIRONMENTS), workspace / "node_modules" / ".bin"]
    return tuple(folder for folder in wanted if folder.is_dir())


def _interpreter_of(environment: Path) -> Path | None:
    try:
        lines = read_small(environment / "pyvenv.cfg").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    pairs = (line.partition("=") for line in lines)
    home = next((value.strip() for key, _, value in pairs if key.strip() == "home"), "")
    if not home.startswith("/"):
        return None
    prefix = Path(home).parent
    is_python = any(prefix.glob("lib/python3*/os.py")) and any(Path(home).glob("python3*"))
    return prefix if is_python and prefix not in (Path("/"), Path.home()) else None


def _parts(prefix: Path) -> Iterator[Path]:
    for path in dict.fromkeys([prefix, prefix.resolve()]):
        if not path.is_relative_to(_SYSTEM):
            yield from (path / part for part in _PARTS if (path / part).is_dir())
