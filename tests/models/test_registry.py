"""What may stand in a registry file, what is refused, and what suits which machine."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demiurgic_models.entries import Entry, LocalSource
from demiurgic_models.errors import BadRegistry, UnknownModel
from demiurgic_models.recommend import recommend
from demiurgic_models.registry import DEFAULT_MODEL, find, load_registry, parse_registry, register

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


def test_every_entry_survives_being_registered(tmp_path: Path):
    file = tmp_path / "config" / "own.toml"
    for entry in load_registry().values():
        register(entry, file)
    assert parse_registry(file.read_text("utf-8"), "own") == load_registry()
    assert sorted(path.name for path in file.parent.iterdir()) == ["own.toml", "own.toml.lock"]


def test_registering_replaces_what_has_the_same_name_and_keeps_the_rest(tmp_path: Path):
    file = tmp_path / "own.toml"
    file.write_text(ONE + ONE.replace("mine", "other"))
    mine = Entry("mine", "chatml", "hermes", "1B", "Q8_0", 'mine.gguf', 'my "own" \\ licence 许可', 4096, 1.5,
                 (LocalSource(tmp_path / "a new one.gguf"),))  # fmt: skip
    register(mine, file)
    entries = load_registry([file])
    assert entries["mine"] == mine
    assert entries["other"].licence == "MIT"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../mine"},
        {"file": "/etc/passwd.gguf"},
        {"licence": "MIT\x1b[2J"},
        {"licence": "\x7f"},
        {"licence": "\ud800"},
        {"ram": float("nan")},
        {"context": 0},
        {"sources": ()},
        {"sources": (LocalSource(Path("relative.gguf")),)},
    ],
)
def test_a_wrong_entry_is_not_written(tmp_path: Path, change: dict):
    file = tmp_path / "own.toml"
    file.write_text(ONE)
    with pytest.raises(BadRegistry):
        register(replace(parse_registry(ONE, "")["mine"], **change), file)
    assert file.read_text() == ONE


def test_a_file_that_is_no_registry_is_not_overwritten(tmp_path: Path):
    file = tmp_path / "own.toml"
    file.write_text("notes of mine")
    with pytest.raises(BadRegistry, match="not TOML"):
        register(parse_registry(ONE, "")["mine"], file)
    assert file.read_text() == "notes of mine"


def test_processes_that_register_at_once_lose_nothing(tmp_path: Path):
    file = tmp_path / "own.toml"
    script = """
import sys
from dataclasses import replace
from pathlib import Path
from demiurgic_models.registry import load_registry, register
entry = load_registry()["smollm2-135m"]
for number in range(10):
    name = f"m-{sys.argv[2]}-{number}"
    register(replace(entry, name=name, file=f"{name}.gguf"), Path(sys.argv[1]))
"""
    children = [subprocess.Popen([sys.executable, "-c", script, str(file), str(n)]) for n in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    assert len(parse_registry(file.read_text(), "own")) == 30


def test_two_models_cannot_share_a_file_that_is_fetched(tmp_path: Path):
    own = tmp_path / "own.toml"
    theirs = ONE.replace("mine.gguf", "QWEN2.5-coder-0.5b-instruct-q4_k_m.gguf")
    own.write_text(theirs.replace('kind = "local"', 'kind = "hub"').replace('path = "/models/', 'repository = "a/'))
    with pytest.raises(BadRegistry, match=r"qwen2\.5-coder-0\.5b and mine have the same file"):
        load_registry([own])
    own.write_text(theirs)
    assert load_registry([own])["mine"].own_file == Path("/models/QWEN2.5-coder-0.5b-instruct-q4_k_m.gguf")


def test_an_entry_of_ones_own_replaces_a_shipped_one(tmp_path: Path):
    own = tmp_path / "own.toml"
    own.write_text(ONE.replace('"mine"', '"smollm2-135m"'))
    assert load_registry([own])["smollm2-135m"].context == 4096


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ('kind = "hub"\nrepository = "../../api"', "repository"),
        ('kind = "hub"\nrepository = "a/b?x=1"', "repository"),
        ('kind = "hub"\nrepository = "a/b"\nrevision = "../main"', "revision"),
        ('kind = "wheels"\nnames = ["--index-url=http://x"]\nversion = "1"\nmember = "*"', "names"),
        ('kind = "wheels"\nnames = ["a b"]\nversion = "1"\nmember = "*"', "names"),
        ('kind = "wheels"\nnames = []\nversion = "1"\nmember = "*"', "names"),
        ('kind = "wheels"\nnames = ["a"]\nversion = "1 --pre"\nmember = "*"', "version"),
        ('kind = "wheels"\nnames = ["a"]\nversion = "1"', "member"),
        ('kind = "local"\npath = "here.gguf"', "path"),
        ('kind = "local"\npath = "/a.gguf"\nextra = 1', "extra"),
        ('kind = "local"\npath = "/a.gguf"\n[[model.source]]\nkind = "hub"\nrepository = "a/b"', "source"),
    ],
)
def test_sources_that_would_reach_elsewhere_are_refused(source: str, named: str):
    head = ONE[: ONE.index("kind")]
    with pytest.raises(BadRegistry, match=rf"own\.toml, model 1 \(mine\).*`{named}`"):
        parse_registry(head + source, "own.toml")


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "a = " + "9" * 10_000, "model = 1", "model = [1]", "x = 1"])
def test_toml_that_is_out_of_the_ordinary_is_refused(text: str):
    with pytest.raises(BadRegistry, match=r"own\.toml"):
        parse_registry(text, "own.toml")


def test_a_file_that_is_not_there_is_told(tmp_path: Path):
    with pytest.raises(BadRegistry, match="cannot be read"):
        load_registry([tmp_path / "none.toml"])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(st.sampled_from(["name", "file", "context", "ram", "bytes", "sha256", "licence", "kind", "path"]), VALUES)
def test_values_of_any_kind_are_read_or_refused(field: str, value: object):
    line = f"{field} = {json.dumps(value)}"
    lines = [line if old.startswith(f"{field} =") else old for old in ONE.splitlines()]
    try:
        [entry] = parse_registry("\n".join(lines if line in lines else [ONE, line]), "own.toml").values()
    except BadRegistry:
        return
    assert entry.name.isprintable()
    assert "/" not in entry.file


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
