"""A Docker image of this machine's own interpreter, with pip and wheels: no registry and no index is needed."""

import shutil
import sysconfig
import zipfile
from importlib import metadata
from pathlib import Path

import docker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from demiurgic.sandbox.docker import host_files
from demiurgic.sandbox.docker.engine import Engine


def needed(extra: str) -> set[str]:
    """The distributions that an extra of this project installs, by those that are installed here."""
    found: set[str] = set()
    waiting = [(Requirement(f"demiurgic[{extra}]"))]
    while waiting:
        wanted = waiting.pop()
        for line in metadata.requires(wanted.name) or ():
            requirement = Requirement(line)
            extras = wanted.extras or {""}
            if requirement.marker and not any(requirement.marker.evaluate({"extra": each}) for each in extras):
                continue
            name = canonicalize_name(requirement.name)
            if name not in found or requirement.extras:
                found.add(name)
                waiting.append(requirement)
    return found - {"demiurgic"}


def binaries(names: set[str]) -> list[Path]:
    """What of these distributions the system's loader loads."""
    files = (file for name in names for file in metadata.distribution(name).files or ())
    return [Path(file.locate()) for file in files if ".so" in file.suffixes and Path(file.locate()).is_file()]


def repacked(name: str, folder: Path) -> None:
    """The wheel that an installed distribution came from, put together again."""
    distribution = metadata.distribution(name)
    tags = [line[5:] for line in (distribution.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")]
    python, abi = tags[0].split("-")[:2]
    platform = ".".join(dict.fromkeys(tag.split("-")[2] for tag in tags))
    stem = f"{distribution.name.replace('-', '_')}-{distribution.version}"
    with zipfile.ZipFile(folder / f"{stem}-{python}-{abi}-{platform}.whl", "w") as wheel:
        for file in distribution.files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts and file.locate().is_file():
                wheel.write(file.locate(), str(file))


def base_image(api: docker.APIClient, address: str, folder: Path) -> str:
    """What stands in for the registry's Python."""
    archive = folder / "root.tar"
    host_files.write_root(archive)
    engine = Engine(address)
    engine.import_image(archive, "host-root:test")
    engine.close()
    extra = folder / "extra"
    extra.mkdir()
    packages = Path(sysconfig.get_path("platlib"))
    libraries = host_files.libraries_of(binaries(needed("server")))
    for file in (Path(shutil.which("chown")), *(path for path in libraries if not path.is_relative_to(packages))):
        shutil.copy(file, extra)
    wheels = folder / "wheels"
    wheels.mkdir()
    for name in needed("server") | needed_to_build():
        repacked(name, wheels)
    shutil.copytree(Path(sysconfig.get_path("purelib"), "pip"), folder / "pip", ignore=shutil.ignore_patterns("*.pyc"))
    (folder / "Dockerfile").write_text(
        "FROM host-root:test\nCOPY pip /tools/pip\nCOPY wheels /wheels\nCOPY extra /extra\nENV PYTHONPATH=/tools "
        "PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels PATH=/usr/bin:/bin:/extra LD_LIBRARY_PATH=/extra\n"
    )
    built(api, folder, "host-python:test")
    return "host-python:test"


def needed_to_build() -> set[str]:
    """What hatchling is made of."""
    found, waiting = {"hatchling"}, ["hatchling"]
    while waiting:
        for line in metadata.requires(waiting.pop()) or ():
            requirement = Requirement(line)
            if (not requirement.marker or requirement.marker.evaluate({"extra": ""})) and requirement.name not in found:
                found.add(requirement.name)
                waiting.append(requirement.name)
    return found


def built(api: docker.APIClient, folder: Path, tag: str, **more) -> None:
    steps = list(api.build(path=str(folder), tag=tag, rm=True, forcerm=True, decode=True, network_mode="none", **more))
    told = "".join(str(step.get("stream") or step.get("error") or "") for step in steps)
    assert not [step for step in steps if "error" in step], told[-4000:]
