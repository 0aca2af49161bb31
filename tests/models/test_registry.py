from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demiurgic_models.errors import BadRegistry, UnknownModel
from demiurgic_models.recommend import recommend
from demiurgic_models.registry import DEFAULT_MODEL, find, load_registry, parse_registry

ONE = """
[[model]]
name = "mine"
family = "chatml"
dialect = "hermes"
parameters = "1B"
quantisation = "Q4_0"
file = "mine.gguf"
licence = "MIT"
context = 4096
ram = 1.5
[[model.source]]
kind = "local"
path = "/models/mine.gguf"
"""


def test_the_shipped_registry_names_what_was_promised():
    entries = load_registry()
    for name in [
        "smollm2-135m",
        "qwen2.5-coder-0.5b",
        "qwen2.5-coder-1.5b",
        "qwen2.5-coder-3b",
        "qwen2.5-coder-7b",
        "glm-4-9b-0414",
        "glm-z1-9b-0414",
        "glm-4-9b-chat",
        "chatglm3-6b",
        "characterglm-6b",
        "smollm3-3b",
        "glm-4.7-flash",
    ]:
        assert entries[name].sources
    assert DEFAULT_MODEL in entries


def test_a_file_of_ones_own_adds_to_it(tmp_path: Path):
    own = tmp_path / "own.toml"
    own.write_text(ONE)
    entries = load_registry([own])
    assert entries["mine"].context == 4096
    assert "smollm2-135m" in entries


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('name = "mine"', "name = 5", "name"),
        ('name = "mine"', 'name = "../mine"', "name"),
        ('file = "mine.gguf"', 'file = "../../etc/passwd.gguf"', "file"),
        ("context = 4096", "context = -1", "context"),
        ("ram = 1.5", "ram = true", "ram"),
        ('licence = "MIT"', 'licence = "MIT"\nsha256 = "abc"', "sha256"),
        ('licence = "MIT"', 'licence = "MIT"\nlicense = "MIT"', "license"),
        ('kind = "local"', 'kind = "ftp"', "kind"),
        ("[[model.source]]", "[[model.other]]", "source"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, named: str):
    with pytest.raises(BadRegistry, match=named):
        parse_registry(ONE.replace(old, new), "own.toml")


def test_a_name_twice_is_refused():
    with pytest.raises(BadRegistry, match="twice"):
        parse_registry(ONE + ONE, "own.toml")


@given(st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(data: bytes):
    try:
        parse_registry(data.decode("latin-1"), "random.toml")
    except BadRegistry:
        return


def test_unknown_names_point_to_the_nearest():
    with pytest.raises(UnknownModel, match=r"qwen2\.5-coder-1\.5b"):
        find(load_registry(), "qwen2.5-coder-15b")


def test_recommendations_follow_the_memory():
    entries = load_registry()
    best = {ram: recommend(entries, ram * 10**9)[0] for ram in (2, 4, 8, 16, 64)}
    assert [best[ram].entry.name for ram in best] == [
        "qwen2.5-coder-0.5b",
        "qwen2.5-coder-1.5b",
        "qwen2.5-coder-1.5b",
        "glm-4-9b-0414",
        "glm-4.7-flash",
    ]
    assert recommend(entries, 8 * 10**9, vram=24 * 10**9)[0].entry.name == "glm-4.7-flash"
