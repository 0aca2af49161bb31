from collections.abc import Iterator
from pathlib import Path

import pytest
from support.docker_engine import docker_address  # noqa: F401 - a fixture
from support.sandboxes import LOCAL, Ground


@pytest.fixture(params=[*sorted(LOCAL), "docker"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """Every kind of sandbox."""
    engine = f":{request.getfixturevalue('docker_address')}" if request.param == "docker" else ""
    yield from _ground(request.param + engine, tmp_path)


@pytest.fixture(params=sorted(LOCAL))
def local_ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """Every kind that needs nothing but this machine."""
    yield from _ground(request.param, tmp_path)


def _ground(source: str, folder: Path) -> Iterator[Ground]:
    workspace = folder / "workspace"
    workspace.mkdir()
    ground = Ground(source, workspace)
    yield ground
    ground.close()
