"""The description of the API is whole, and whatever is made of it, nothing fails within the server."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.serving import served

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")


@pytest.fixture(scope="module")
def server(tmp_path_factory, tiny_glm4):
    with served(tmp_path_factory.mktemp("server"), tiny_glm4, "--ctx", 256, "--parallel", 4) as server:
        yield server


def test_every_endpoint_is_described(server):
    with server.client() as client:
        described = client.get("/openapi.json").json()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], (method, path)
            assert operation["tags"], (method, path)
            if method == "post" and not path.endswith("/cancel"):
                assert operation["requestBody"]["content"]["application/json"]["schema"], path


@pytest.mark.slow
def test_no_request_that_the_description_allows_or_forbids_is_an_error_of_the_server(server, tmp_path):
    flags = "--checks not_a_server_error --phases fuzzing --max-examples 8 --seed 1 --workers 4"
    done = subprocess.run(
        [SCHEMATHESIS, "run", f"{server.url}/openapi.json", *flags.split(), "--generation-database", "none"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert server.figure("running") == server.figure("waiting") == 0
