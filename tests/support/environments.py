"""Environments of Python that lack what a test wants them to lack, and have this program as its users install it."""

import subprocess
import sys
import sysconfig
from collections.abc import Collection
from fnmatch import fnmatch
from pathlib import Path

_OURS = ("*.pth", "__editable__*", "_editable_*", "demiurgic", "demiurgic_*", "demiurgic-*.dist-info")


def environment(folder: Path, wheel: Path, without: Collection[str] = ()) -> Path:
    """A new one whose packages are those of the tests, but for those that fit `without`, and the wheel of this program.

    Packages are links: nothing is fetched or compiled, and nothing leads to the sources of this program.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    packages = Path(
        subprocess.check_output([python, "-c", "import site; print(site.getsitepackages()[0])"], text=True)[:-1]
    )
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not any(fnmatch(entry.name, pattern) for pattern in (*_OURS, *without)):
            (packages / entry.name).symlink_to(entry)
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel]
    subprocess.run(install, check=True)
    return python


def built_wheel(root: Path, folder: Path) -> Path:
    """The wheel of the sources as they are."""
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=root, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel
