"""Recipes in files: what is read, what is overridden, what is refused, and that all that is shipped loads."""

import json
import subprocess
import sys
import zipfile
from dataclasses import fields, replace
from pathlib import Path

import pytest
import yaml
from accelerate.commands.config.config_args import load_config_from_file
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from demiurgic.errors import UserError
from demiurgic_training.tuning.checking import cautions, saves_memory
from demiurgic_training.tuning.describing import describe
from demiurgic_training.tuning.presets import folder, presets
from demiurgic_training.tuning.reading import read_recipe, write_recipe
from demiurgic_training.tuning.recipe import Adapter, Data, Method, Optimiser, Overlong, Recipe, Running, Weights

ROOT = Path(__file__).parents[3]
PLAIN = "model: some/model\nout: runs/it\ndata: {train: rows.jsonl}\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, "utf-8")
    return path


def refusal(tmp_path: Path, text: str, *overrides: str) -> str:
    with pytest.raises(UserError) as refused:
        read_recipe(written(tmp_path, text), overrides)
    return str(refused.value)


def test_every_value_is_read_by_the_type_of_its_field(tmp_path: Path):
    text = """
model: no
out: 2024
method: dpo
data: {train: rows.jsonl, validation: ~, overlong: clip, system: "true"}
weights:
  targets: [q_proj, v_proj]
optimiser: {learning_rate: 2e-4, steps: 12, epochs: 3}
running: {save_memory: off, samples: ["on: what?", 7]}
"""
    recipe = read_recipe(written(tmp_path, text))
    assert recipe == Recipe(
        "no",
        Data(Path("rows.jsonl"), overlong=Overlong.CLIP, system="true"),
        Path("2024"),
        Method.DPO,
        Weights(targets=("q_proj", "v_proj")),
        Optimiser(learning_rate=0.0002, steps=12, epochs=3.0),
        running=Running(save_memory=False, samples=("on: what?", "7")),
    )
    assert isinstance(recipe.optimiser.epochs, float)


def test_overrides_win_with_or_without_their_section(tmp_path: Path):
    path = written(tmp_path, PLAIN + "weights: {rank: 4, kind: dora}\n")
    recipe = read_recipe(path, ["rank=8", "data.max_length=99", "targets=[a, b]", "out=there", "steps=none"])
    assert (recipe.weights, recipe.data.max_length) == (Weights(Adapter.DORA, 8, targets=("a", "b")), 99)
    assert (recipe.out, recipe.optimiser.steps) == (Path("there"), None)
    assert read_recipe(path, ["targets=o_proj"]).weights.targets == ("o_proj",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAIN + "optimiser:\n  learnin_rate: 1\n", ("line 5", "learnin_rate", "did you mean 'learning_rate'")),
        (PLAIN + "optimizer: {steps: 1}\n", ("line 4", "did you mean 'optimiser'")),
        (PLAIN + "rank: 3\n", ("line 4", "'rank' belongs in 'weights'")),
        (PLAIN + "weights: {rank: three}\n", ("line 4", "'weights.rank'", "whole number")),
        (PLAIN + "weights: {rank: 0}\n", ("at least 1",)),
        (PLAIN + "weights: {dropout: 1.5}\n", ("at most 0.99",)),
        (PLAIN + "weights: {kind: lorra}\n", ("full, lora, dora, qlora, ptuning",)),
        (PLAIN + "weights: {rank: 1, rank: 2}\n", ("'rank' stands there twice",)),
        (PLAIN + "weights: 3\n", ("'weights' is a section",)),
        (PLAIN + "running: {seed: {a: 1}}\n", ("'seed' wants a value",)),
        (PLAIN + "optimiser: {learning_rate: .inf}\n", ("learning_rate", "number")),
        (PLAIN + "method: distil\n", ("no teacher", "teaching.teacher")),
        (PLAIN + "running: {sample_every: 3}\n", ("no questions", "running.samples")),
        ("model: a\nout: b\n", ("does not say 'data.train'",)),
        ("- a\n- b\n", ("is no recipe",)),
        ("model: [a\n", ("line 2", "no YAML")),
        (PLAIN.replace("some/model", "scratch:x"), ("random weights", "weights.kind: full")),
        ("model: a\nout: b\ndata: {train: r.jsonl, validation: r.jsonl}\n", ("validation rows are those",)),
    ],
)
def test_what_cannot_be_meant_is_refused_where_it_stands(tmp_path: Path, text: str, said: tuple[str, ...]):
    told = refusal(tmp_path, text)
    assert all(part in told for part in said), told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("rnk=8", "did you mean 'rank' in 'weights'"),
        ("weights.rnk=8", "did you mean 'rank'"),
        ("data.rank=8", "'rank' belongs in 'weights'"),
        ("rank", "write key=value"),
        ("rank=x", "'rank=x'"),
        ("targets=[a", "holds no list"),
    ],
)
def test_a_mistyped_override_is_refused(tmp_path: Path, override: str, said: str):
    assert said in refusal(tmp_path, PLAIN, override)


def test_a_file_that_is_not_there_names_the_preset_that_was_meant(tmp_path: Path):
    for path, said in ((Path("glm4-intent"), "did you mean glm4-intents"), (tmp_path, "is a folder")):
        with pytest.raises(UserError, match=said):
            read_recipe(path)


NUMBERS = st.floats(0, 1e6, allow_nan=False)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


@given(
    model=TEXTS.filter(lambda text: text.strip() == text != "" and not text.startswith("scratch:")),
    rate=NUMBERS,
    steps=st.none() | st.integers(1, 10**9),
    samples=st.lists(TEXTS).map(tuple),
    system=TEXTS,
    method=st.sampled_from([Method.SFT, Method.DPO, Method.KTO]),
)
def test_what_is_written_is_read_again(tmp_path_factory, model, rate, steps, samples, system, method):
    path = tmp_path_factory.mktemp("recipes") / "recipe.yaml"
    recipe = Recipe(
        model,
        Data(Path("/rows.jsonl"), system=system),
        Path("/out"),
        method,
        optimiser=Optimiser(learning_rate=rate, steps=steps),
        running=Running(samples=samples),
    )
    write_recipe(recipe, path)
    again = read_recipe(path)
    assert replace(again, model="") == replace(recipe, model="")
    assert again.model == model or Path(model).exists()


def test_a_written_recipe_holds_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base").mkdir()
    recipe = read_recipe(written(tmp_path, PLAIN.replace("some/model", "base") + "teaching: {teacher: base}\n"))
    write_recipe(recipe, tmp_path / "saved.yaml")
    monkeypatch.chdir("/")
    again = read_recipe(tmp_path / "saved.yaml")
    assert (again.model, again.out) == (str(tmp_path / "base"), tmp_path / "runs/it")
    assert again.teaching.teacher == str(tmp_path / "base")
    assert again.data.train == tmp_path / "rows.jsonl"


def test_the_description_is_a_schema_that_knows_every_field_with_its_help_and_default():
    schema = describe()
    Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["model", "out", "data"]
    weights = schema["properties"]["weights"]["properties"]
    assert set(weights) == {each.name for each in fields(Weights)}
    assert weights["rank"] == {
        "description": "rank of the added matrices",
        "type": "integer",
        "minimum": 1,
        "maximum": 2**31 - 1,
        "default": 16,
    }
    assert weights["kind"]["enum"] == ["full", "lora", "dora", "qlora", "ptuning"]
    assert weights["targets"]["default"] == ["all-linear"]
    helps = [
        held["description"] for part in schema["properties"].values() for held in part.get("properties", {}).values()
    ]
    assert all(helps)
    json.dumps(schema)


@pytest.mark.parametrize("name", sorted(presets()))
def test_every_preset_loads(name: str, tmp_path: Path):
    recipe = read_recipe(Path(name))
    validator = Draft202012Validator(describe())
    write_recipe(recipe, tmp_path / "recipe.yaml")
    validator.validate(yaml.safe_load((tmp_path / "recipe.yaml").read_text("utf-8")))
    assert recipe.out == Path("runs") / name


def test_the_presets_say_what_was_promised_of_them():
    assert {
        "characterglm-lora",
        "chatglm3-qlora-code",
        "glm4-intents",
        "glm4-ptuning-campus",
        "glm4-qlora-code",
        "smollm3-dpo",
        "smollm3-sft",
        "tiny-glm",
    } <= set(presets())
    intents = read_recipe(Path("glm4-intents"))
    told = (intents.weights.rank, intents.weights.alpha, intents.optimiser)
    assert told == (64, 128, Optimiser(learning_rate=2e-4, batch=4, steps=5000))
    sft = read_recipe(Path("smollm3-sft"))
    assert (sft.optimiser, sft.data.max_length) == (Optimiser(learning_rate=1e-5, batch=8, epochs=2), 1024)
    dpo = read_recipe(Path("smollm3-dpo"))
    assert (dpo.method, dpo.data.min_confidence, dpo.preferences.beta) == (Method.DPO, 6, 0.1)
    assert dpo.optimiser == Optimiser(learning_rate=5e-7, batch=2, epochs=1)
    campus = read_recipe(Path("glm4-ptuning-campus"))
    assert "cannot be exported" in " ".join(cautions(campus))
    assert not saves_memory(campus)
    tiny = read_recipe(Path("tiny-glm"))
    assert tiny.data.train.is_file()
    assert not cautions(tiny)


@pytest.mark.parametrize(("name", "kind"), [("fsdp", "FSDP"), ("deepspeed", "DEEPSPEED")])
def test_accelerate_reads_the_files_for_several_gpus(name: str, kind: str):
    read = load_config_from_file(str(folder() / "accelerate" / f"{name}.yaml"))
    assert (str(read.distributed_type.value), read.num_processes) == (kind, 2)


def test_presets_are_found_in_an_installed_wheel(tmp_path: Path):
    build = (
        "import sys; from hatchling.builders.wheel import WheelBuilder;"
        "print(*WheelBuilder(sys.argv[1]).build(directory=sys.argv[2]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", build, str(ROOT), str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    with zipfile.ZipFile(done.stdout.strip()) as wheel:
        wheel.extractall(tmp_path / "site")
    look = (
        "from pathlib import Path; import demiurgic_training;"
        "from demiurgic_training.tuning.reading import read_recipe;"
        "print(demiurgic_training.__file__); print(read_recipe(Path('tiny-glm')).data.train)"
    )
    found = subprocess.run(
        [sys.executable, "-c", look],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site")},
    )
    package, rows = map(Path, found.stdout.split())
    assert package.is_relative_to(tmp_path)
    assert rows == package.parent / "configs/tiny-glm/train.jsonl"
    assert rows.is_file()
