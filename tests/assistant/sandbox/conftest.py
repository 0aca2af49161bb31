from collections.abc import Iterator
from pathlib import Path

import pytest
from support.sandboxes import LOCAL, Ground


@pytest.fixture(params=sorted(LOCAL))
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    ground = Ground(request.param, workspace)
    yield ground
    ground.close()
