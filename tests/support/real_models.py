"""The real model files that tests run on. A missing one fails the test and says how to get it: nothing is skipped."""

import os
from pathlib import Path

import pytest

from demiurgic.config import load_settings
from demiurgic_models.registry import find, load_registry


def real_model(name: str) -> Path:
    """The file of a model of the registry."""
    folder = os.environ.get("DEMIURGIC_TEST_MODELS")
    models = Path(folder) if folder else load_settings(Path.cwd()).models_dir
    path = models / find(load_registry(), name).file
    if not path.is_file():
        pytest.fail(f"{path} is missing; get it with: demiurgic models pull {name}")
    return path
