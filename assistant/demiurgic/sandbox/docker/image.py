"""The image that containers are made of: a small system with Python, a shell and git.

Built from the Dockerfile beside this file where a registry answers, else from what is installed on this machine. Its
name holds a digest of what it is built from, so that a newer version of this program builds its own.
"""

import hashlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

from demiurgic.errors import SandboxError
from demiurgic.sandbox.docker import host_files
from demiurgic.sandbox.docker.engine import Engine
from demiurgic.sandbox.strays import name_prefix

Origin: TypeAlias = Literal["registry", "host"]
"""Where an image comes from: a Dockerfile and the registry that it names, or this machine's own files."""

REPOSITORY = "demiurgic-sandbox"
_HERE = Path(__file__).parent
_RECIPE = ("Dockerfile", "host_files.py")


def image_name() -> str:
    """The name of the image that this version wants."""
    recipe = b"".join((_HERE / name).read_bytes() for name in _RECIPE)
    return f"{REPOSITORY}:{hashlib.sha256(recipe).hexdigest()[:12]}"


def build_image(engine: Engine, say: Callable[[str], None], origin: Origin | None = None) -> str:
    """Build the image and return its name. Without an origin: from the registry, or else from this machine."""
    name = image_name()
    if origin != "host":
        try:
            _from_dockerfile(engine, name, say)
        except SandboxError as error:
            if origin == "registry":
                raise
            say(f"{error}\nBuilding it from this machine's own files instead.")
        else:
            return name
    _from_host(engine, name, say)
    return name


def _from_dockerfile(engine: Engine, name: str, say: Callable[[str], None]) -> None:
    with tempfile.TemporaryDirectory(prefix=name_prefix("image")) as folder:
        Path(folder, "Dockerfile").write_bytes((_HERE / "Dockerfile").read_bytes())
        for line in engine.build_image(Path(folder), name):
            if line:
                say(line)


def _from_host(engine: Engine, name: str, say: Callable[[str], None]) -> None:
    if sys.platform != "linux":
        raise SandboxError(
            "only Linux has programs that run in a container", "build the image where a registry answers"
        )
    with tempfile.TemporaryDirectory(prefix=name_prefix("image")) as folder:
        archive = Path(folder, "root.tar")
        host_files.write_root(archive)
        say(f"{archive.stat().st_size >> 20} MiB of this machine's own files")
        engine.import_image(archive, name)
