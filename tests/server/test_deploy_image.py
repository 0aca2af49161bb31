"""The image is built as its file says, run without rights, and asked."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from support.docker_engine import running_engine
from support.images import base_image, built

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def image(tmp_path_factory) -> Iterator[tuple[docker.APIClient, str]]:
    with running_engine() as address:
        api = docker.APIClient(base_url=address, timeout=600)
        base = base_image(api, address, tmp_path_factory.mktemp("base"))
        context = tmp_path_factory.mktemp("context")
        for name in ("pyproject.toml", "README.md", "LICENSE", "constraints.txt"):
            shutil.copy(ROOT / name, context)
        for name in ("assistant", "models", "server", "editor-lsp", "training"):
            shutil.copytree(ROOT / name, context / name, ignore=shutil.ignore_patterns("__pycache__"))
        choices = {"BASE": base, "BUILD_PACKAGES": "", "RUN_PACKAGES": ""}
        built(api, context, "demiurgic:test", dockerfile="server/deploy/Dockerfile", buildargs=choices)
        yield api, "demiurgic:test"
        api.close()


ASK = """
import json, os, urllib.request
def ask(path, body=None):
    headers = {"authorization": "Bearer the-key", "content-type": "application/json"}
    return json.load(urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:8471" + path, body, headers)))
print(json.dumps({"user": os.getuid(), "models": ask("/v1/models")["data"], "answer": ask("/v1/chat/completions",
    b'{"messages": [{"role": "user", "content": "x"}], "max_tokens": 4}')["usage"]}))
"""


def asked(api: docker.APIClient, container: str) -> str:
    """What the server in it answers, as soon as it does."""
    ended, said = time.monotonic() + 60, ""
    while '"completion_tokens": 4' not in said:
        try:
            asking = api.exec_create(container, ["python3", "-c", ASK])["Id"]
        except docker.errors.APIError:
            pytest.fail(f"it ended: {api.logs(container).decode()}")
        said = api.exec_start(asking).decode()
        if time.monotonic() > ended:
            pytest.fail(said + api.logs(container).decode())
        time.sleep(0.5)
    return said


@pytest.mark.slow
def test_the_image_serves_a_model_and_ends_when_asked(image, tiny_glm4, tmp_path_factory):
    api, name = image
    models = tmp_path_factory.mktemp("models")
    shutil.copy(tiny_glm4, models / "glm4.gguf")
    models.chmod(0o755)  # the server in the image is somebody else
    command = ["serve", "--host", "0.0.0.0", "--model", "/models/glm4.gguf", "--ctx", "512", "--parallel", "2"]
    host = api.create_host_config(
        network_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        tmpfs={"/tmp": ""},
        binds=[f"{models}:/models:ro"],
    )
    environment = {"DEMIURGIC_SERVE_KEYS": "the-key"}
    container = api.create_container(name, command, environment=environment, host_config=host)["Id"]
    api.start(container)
    try:
        said = asked(api, container)
        assert '"user": 8471' in said
        check = api.inspect_image(name)["Config"]["Healthcheck"]["Test"]
        checking = api.exec_create(container, check[1:])["Id"]
        api.exec_start(checking)
        assert api.exec_inspect(checking)["ExitCode"] == 0
        api.stop(container, timeout=30)
        assert api.wait(container)["StatusCode"] == 0
    finally:
        api.remove_container(container, force=True, v=True)


@pytest.mark.slow
def test_the_image_holds_no_key_and_does_not_start_without_one(image):
    api, name = image
    container = api.create_container(name, host_config=api.create_host_config(network_mode="none"))["Id"]
    api.start(container)
    try:
        assert api.wait(container)["StatusCode"] == 2
        assert b"--api-key" in api.logs(container)
    finally:
        api.remove_container(container, force=True, v=True)
    assert not [line for line in api.inspect_image(name)["Config"]["Env"] if "KEY" in line]
