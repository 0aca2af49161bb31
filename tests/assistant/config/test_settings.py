"""Settings: which source wins, what a cloned folder may not do, and what is said of mistakes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from demiurgic.config import Settings, load_settings
from demiurgic.errors import ConfigError

SHOW = """
import json, sys
from pathlib import Path
from demiurgic.config import load_settings
from demiurgic.errors import ConfigError
try:
    settings = load_settings(Path.cwd(), json.loads(sys.argv[1]))
except ConfigError as error:
    print(json.dumps({"error": str(error)}))
else:
    print(json.dumps({name: str(getattr(settings, name)) for name in settings.__slots__} | {"repr": repr(settings)}))
"""


@pytest.fixture
def settings(tmp_path):
    """The settings as a process of their own sees them, with its own home, environment and folder."""

    def load(user="", project="", flags=None, **environment):
        home, folder = tmp_path / "home", tmp_path / "project"
        for path, text in (
            (home / "demiurgic" / "config.toml", user),
            (folder / ".demiurgic" / "config.toml", project),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        clean = {key: value for key, value in os.environ.items() if "KEY" not in key and "DEMIURGIC" not in key}
        done = subprocess.run(
            [sys.executable, "-c", SHOW, json.dumps(flags or {})],
            cwd=folder,
            env={**clean, "XDG_CONFIG_HOME": str(home), **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    return load


def test_each_source_overrides_the_ones_before_it(settings):
    assert settings()["threads"] == "None"
    assert settings(user="threads = 1")["threads"] == "1"
    assert settings(user="threads = 1", project="threads = 2")["threads"] == "2"
    assert settings(user="threads = 1", project="threads = 2", DEMIURGIC_THREADS="3")["threads"] == "3"
    assert settings(project="threads = 2", flags={"threads": 4}, DEMIURGIC_THREADS="3")["threads"] == "4"


def test_a_flag_that_was_not_given_overrides_nothing(settings):
    assert settings(user="threads = 1", flags={"threads": None})["threads"] == "1"


@pytest.mark.parametrize(
    "line",
    [
        'models_dir = "."',
        'cache_dir = "."',
        'state_dir = "."',
        'mirror = "https://example.org"',
        'hub_endpoint = "https://example.org"',
        'registry = "mine.toml"',
        "disk_cache = 1",
        "offline = false",
        'model = "https://example.org/v1#m"',
        'model = "openai:gpt"',
        'model = "weights/evil.gguf"',
    ],
)
def test_a_cloned_folder_cannot_widen_anything(settings, line):
    told = settings(project=line)["error"]
    assert "config.toml" in told
    assert line.split()[0] in told
    assert "error" not in settings(user=line)


@pytest.mark.parametrize("line", ["offline = true", 'model = "smollm2-135m"', "context = 512"])
def test_a_cloned_folder_may_narrow(settings, line):
    name, _, value = line.partition(" = ")
    assert settings(project=line)[name].lower() == value.strip('"')


def test_unknown_keys_name_the_nearest(settings):
    told = settings(user='modle = "x"')["error"]
    assert "`modle`" in told
    assert "did you mean `model`?" in told
    assert "did you mean `threads`?" in settings(DEMIURGIC_THREDS="2")["error"]


def test_variables_that_look_like_no_setting_belong_to_somebody_else(settings):
    assert "error" not in settings(DEMIURGIC_COLOUR_OF_THE_SKY="blue")


@pytest.mark.parametrize("line", ['threads = "two"', "threads = 2.5", "threads = true", "model = 7", "offline = 1"])
def test_wrong_types_name_file_and_key(settings, line):
    told = settings(user=line)["error"]
    assert "home" in told
    assert line.split()[0] in told


def test_wrong_types_in_variables_name_the_variable(settings):
    assert "DEMIURGIC_THREADS" in settings(DEMIURGIC_THREADS="many")["error"]


def test_an_empty_variable_sets_no_folder_to_the_current_one(settings):
    assert settings(DEMIURGIC_STATE_DIR="")["state_dir"] == settings()["state_dir"] != "."
    assert settings(DEMIURGIC_THREADS="")["threads"] == "None"


@pytest.mark.parametrize(
    "line", ["context = 0", "threads = -1", "temperature = -0.1", "temperature = inf", "parallel = 0"]
)
def test_numbers_that_cannot_be_meant_are_refused(settings, line):
    name, _, value = line.partition(" = ")
    for source in ("user", "project"):
        assert f"`{name}` is {value}" in settings(**{source: line})["error"]


def test_a_file_that_is_not_toml_is_told_by_name(settings):
    assert "config.toml" in settings(user="threads = = 1")["error"]


def test_keys_come_from_their_variables_only_and_show_nowhere(settings):
    seen = settings(OPENAI_API_KEY="s3cret-a", HF_TOKEN="s3cret-b", ZAI_API_KEY="s3cret-c", PLAIN="kept")
    assert (seen["openai_key"], seen["hub_token"]) == ("s3cret-a", "s3cret-b")
    assert "s3cret-c" in seen["host_keys"]
    assert "s3cret" not in seen["repr"]
    assert "s3cret" not in seen["environment"]
    assert "kept" in seen["environment"]
    assert "openai_key" in settings(user='openai_key = "x"')["error"]


def test_settings_are_frozen():
    with pytest.raises(AttributeError):
        Settings().threads = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_an_unreadable_file_is_an_error_and_no_default(tmp_path: Path):
    (tmp_path / ".demiurgic" / "config.toml").mkdir(parents=True)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path)
