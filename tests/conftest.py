"""Models that many tests share, made or found once."""

import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from support.real_models import real_model
from support.tiny_models import GLM45_TAGS, make_chatglm3, make_glm, make_lora, make_mamba

# A shell that starts the tests in the background makes them deaf to Ctrl-C, and the programs that they start with them.
signal.signal(signal.SIGINT, signal.default_int_handler)

# OpenMP's threads wait for each other by spinning, and crawl where other programs want the cores too. The engine's own
# process is started with this as well; tests that run the engine in theirs need it before llama.cpp is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

# The hub's client reads this once, when it is imported: what tests fetch must not end up in the user's cache.
os.environ["HF_HOME"] = tempfile.mkdtemp(prefix="demiurgic-tests-hub-")


# How long an example takes says more about the machine than about the code.
hypothesis_settings.register_profile("demiurgic", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("demiurgic")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tiny")


@pytest.fixture(scope="session")
def tiny_glm4(tiny_folder: Path) -> Path:
    return make_glm(tiny_folder / "glm4.gguf")


@pytest.fixture(scope="session")
def tiny_glm(tiny_folder: Path) -> Path:
    return make_glm(tiny_folder / "glm.gguf", arch="chatglm")


@pytest.fixture(scope="session")
def tiny_glm45(tiny_folder: Path) -> Path:
    return make_glm(tiny_folder / "glm45.gguf", tags=GLM45_TAGS)


@pytest.fixture(scope="session")
def tiny_chatglm3(tiny_folder: Path) -> Path:
    return make_chatglm3(tiny_folder / "chatglm3.gguf")


@pytest.fixture(scope="session")
def tiny_mamba(tiny_folder: Path) -> Path:
    return make_mamba(tiny_folder / "mamba.gguf")


@pytest.fixture(scope="session")
def tiny_lora(tiny_folder: Path) -> Path:
    return make_lora(tiny_folder / "lora.gguf")


@pytest.fixture(scope="session")
def student(tiny_folder: Path) -> Callable[..., Path]:
    """`student("glm4", hidden=256)`: the folder of a tiny checkpoint, made once. Nobody may write there."""
    from support.tiny_students import tiny_student

    def made(architecture: str, *, hidden: int = 64, layers: int = 2, seed: int = 0) -> Path:
        folder = tiny_folder / f"{architecture}-{hidden}-{layers}-{seed}"
        return tiny_student(folder, architecture, hidden=hidden, layers=layers, seed=seed)

    return made


@pytest.fixture(scope="session")
def smollm2() -> Path:
    return real_model("smollm2-135m")


@pytest.fixture(scope="session")
def qwen() -> Path:
    return real_model("qwen2.5-coder-0.5b")
