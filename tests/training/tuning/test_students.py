"""Students: every adapter on every architecture, and what is refused before weights are read."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from support.tiny_chatglm import make_chatglm
from transformers import AutoTokenizer

from demiurgic.errors import DemiurgicError, ModelLoadError, UserError
from demiurgic_training.tuning.recipe import Adapter, Data, Precision, Recipe, Running, Weights
from demiurgic_training.tuning.students import open_student
from demiurgic_training.tuning.targets import check_targets, layers_of

ARCHITECTURES = ("glm4", "glm", "qwen2", "smollm3", "llama")
LAYERS = {"glm4": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_up_proj", "down_proj"]}
DATA = Data(Path("rows.jsonl"), max_length=256)


def recipe(model: object, kind: Adapter = Adapter.LORA, *targets: str) -> Recipe:
    weights = Weights(kind, rank=4, targets=targets or ("all-linear",), virtual_tokens=8)
    return Recipe(str(model), DATA, Path("out"), weights=weights)


def moving(model) -> set[str]:
    return {name for name, held in model.named_parameters() if held.requires_grad}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("kind", Adapter)
def test_every_adapter_learns_on_every_architecture(student, architecture: str, kind: Adapter):
    taught = open_student(recipe(student(architecture), kind))
    model, tokens = taught.model, torch.tensor([[5, 6, 7, 8]])
    names = moving(model)
    marks = {Adapter.LORA: "lora_", Adapter.QLORA: "lora_", Adapter.DORA: "lora_", Adapter.PTUNING: "prompt_encoder"}
    assert names
    assert all(marks.get(kind, "") in name for name in names)
    assert (kind is Adapter.DORA) == any("magnitude" in name for name in names)
    four_bits = {type(module).__name__ for module in model.modules()} & {"Linear4bit"}
    assert bool(four_bits) == (kind is Adapter.QLORA)
    before = model(input_ids=tokens, labels=tokens).loss
    before.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= 0.1 * parameter.grad / (parameter.grad.norm() + 1e-6)
    assert model(input_ids=tokens, labels=tokens).loss < before
    assert taught.tokenizer.pad_token_id is not None


def test_four_bits_are_nf4_twice_quantised_and_the_output_keeps_its_own(student):
    model = open_student(recipe(student("glm4"), Adapter.QLORA)).model
    layer = next(module for module in model.modules() if type(module).__name__ == "Linear4bit")
    state = layer.weight.quant_state
    assert (state.quant_type, state.nested) == ("nf4", True)
    assert type(model.get_output_embeddings()).__name__ == "Linear"


def test_weights_that_move_themselves_keep_all_their_bits(student):
    half = replace(recipe(student("qwen2"), Adapter.FULL), running=Running(precision=Precision.BF16))
    assert {held.dtype for held in open_student(half).model.parameters()} == {torch.float32}
    lora = open_student(replace(half, weights=Weights(Adapter.LORA))).model
    dtypes = {"lora" in name: held.dtype for name, held in lora.named_parameters()}
    assert dtypes == {True: torch.float32, False: torch.bfloat16}


def test_the_same_seed_begins_the_same_adapter_and_another_one_does_not(student):
    def begun(seed: int) -> torch.Tensor:
        wanted = replace(recipe(student("glm4")), running=Running(seed=seed))
        return next(held for name, held in open_student(wanted).model.named_parameters() if "lora_A" in name)

    assert torch.equal(begun(1), begun(1))
    assert not torch.equal(begun(1), begun(2))


def test_a_configuration_alone_begins_with_random_weights(student, tmp_path: Path):
    folder = shutil.copytree(student("glm4"), tmp_path / "new", ignore=shutil.ignore_patterns("*.safetensors"))
    taught = open_student(recipe(f"scratch:{folder}", Adapter.FULL))
    assert taught.template.family == "glm4-0414"
    assert all(held.device.type == "cpu" for held in taught.model.parameters())


def test_without_weights_there_is_only_an_outline(student, tmp_path: Path):
    folder = shutil.copytree(student("glm4"), tmp_path / "seen", ignore=shutil.ignore_patterns("*.safetensors"))
    taught = open_student(recipe(folder), weights=False)
    assert {held.device.type for held in taught.model.parameters()} == {"meta"}
    assert list(taught.targets) == LAYERS["glm4"]
    with pytest.raises(UserError, match="holds no weights"):
        open_student(recipe(folder))


@pytest.mark.parametrize("old_form", [False, True])
def test_chatglms_own_layout_opens_natively_and_runs_no_code(old_form, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = make_chatglm(tmp_path / "chatglm3", old_form=old_form)
    seen = open_student(recipe(folder), weights=False)
    assert not (tmp_path / "cache").exists()
    taught = open_student(recipe(folder, Adapter.QLORA, "q_proj", "gate_up_proj"))
    assert (seen.template.family, taught.template.family) == ("chatglm3", "chatglm3")
    assert type(taught.model.get_base_model()).__name__ == "GlmForCausalLM"
    assert sum(map(torch.numel, seen.model.parameters())) > 0
    with pytest.raises(UserError, match=r"'query_key_value'.*q_proj"):
        open_student(recipe(folder, Adapter.LORA, "query_key_value"))


def test_a_family_is_known_by_its_name_where_the_hubs_client_keeps_it(tmp_path: Path):
    folder = make_chatglm(tmp_path / "models--someone--CharacterGLM-6B" / "snapshots" / "c0ffee")
    assert open_student(recipe(folder), weights=False).template.family == "characterglm"


# What is refused, before weights are read.


def test_a_target_that_matches_nothing_stops_with_the_names_that_would(student, tmp_path: Path):
    folder = shutil.copytree(student("glm4"), tmp_path / "x", ignore=shutil.ignore_patterns("*.safetensors"))
    (folder / "model.safetensors").write_bytes(b"never read")
    with pytest.raises(UserError) as refused:
        open_student(recipe(folder, Adapter.LORA, "q_proj", "gate_proj"))
    told = str(refused.value)
    assert "'gate_proj'" in told
    assert "did you mean gate_up_proj?" in told
    assert ", ".join(LAYERS["glm4"]) in told


def test_targets_may_be_paths_or_the_output(student):
    model = open_student(recipe(student("llama")), weights=False).model
    assert "lm_head" not in layers_of(model)
    assert check_targets(model, ("layers.0.self_attn.q_proj", "lm_head"), "it") == (
        "layers.0.self_attn.q_proj",
        "lm_head",
    )
    with pytest.raises(UserError, match="'self_attn'"):
        check_targets(model, ("self_attn",), "it")


def refused(model: object, said: str, error: type[DemiurgicError] = UserError, **changes) -> None:
    with pytest.raises(error, match=said) as told:
        open_student(replace(recipe(model), **changes))
    assert "\n" not in str(told.value)


def test_folders_that_are_no_checkpoints_are_told_apart(student, tmp_path: Path):
    refused(tmp_path / "none", "there is no folder")
    refused(tmp_path, r"it has no config\.json")
    (tmp_path / "adapter_config.json").write_text("{}")
    refused(tmp_path, "holds an adapter, not a model; merge it first, with peft")
    (tmp_path / "x.gguf").touch()
    refused(tmp_path / "x.gguf", "is a GGUF file")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model_type": "vit"}, "is no causal language model"),
        ({"model_type": "unheard-of"}, "is no causal language model"),
    ],
)
def test_a_checkpoint_of_another_kind_of_model_is_refused(student, tmp_path: Path, config: dict, said: str):
    folder = shutil.copytree(student("glm4"), tmp_path / "other")
    (folder / "config.json").write_text(json.dumps(config))
    refused(folder, said)


def test_code_that_comes_with_a_checkpoint_is_never_run(student, tmp_path: Path):
    folder = shutil.copytree(student("glm4"), tmp_path / "trap")
    (folder / "model.py").write_text("raise SystemExit('it was run')")
    held = {"model_type": "own", "auto_map": {"AutoConfig": "model.C", "AutoModelForCausalLM": "model.M"}}
    (folder / "config.json").write_text(json.dumps(held))
    refused(folder, "is no causal language model")


def test_weights_of_another_model_are_refused(student, tmp_path: Path):
    folder = shutil.copytree(student("glm4"), tmp_path / "mixed")
    shutil.copy(student("qwen2") / "model.safetensors", folder / "model.safetensors")
    refused(folder, "mixed", ModelLoadError)
    shutil.copy(student("glm4", hidden=32) / "model.safetensors", folder / "model.safetensors")
    refused(folder, "mixed", ModelLoadError)


def test_weights_of_which_some_are_missing_are_refused(student, tmp_path: Path):
    folder = shutil.copytree(student("glm4"), tmp_path / "torn")
    tensors = load_file(folder / "model.safetensors")
    del tensors["model.layers.1.mlp.down_proj.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    refused(folder, r"1 are missing, the first is model\.layers\.1\.mlp\.down_proj\.weight", ModelLoadError)


def test_weights_that_are_cut_short_are_refused(student, tmp_path: Path):
    folder = shutil.copytree(student("glm4"), tmp_path / "short")
    os.truncate(folder / "model.safetensors", 1000)
    refused(folder, "short cannot be loaded: .*; fetch the checkpoint again", ModelLoadError)


def test_a_tokenizer_of_another_model_is_refused(student, tmp_path: Path):
    folder = shutil.copytree(student("glm4"), tmp_path / "mixed")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens([f"<more-{number}>" for number in range(100)])
    tokenizer.save_pretrained(folder)
    refused(folder, "has room for 704 tokens, but its tokenizer writes number 749")


def test_rows_that_the_model_cannot_hold_are_refused(student):
    refused(student("glm4"), "reads 1024 tokens at most.*data.max_length=1024", data=replace(DATA, max_length=1025))
    prefix = Weights(Adapter.PTUNING, virtual_tokens=100)
    refused(student("glm4"), "data.max_length=924", data=replace(DATA, max_length=1000), weights=prefix)
