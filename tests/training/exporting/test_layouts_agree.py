"""Every architecture, merged and written: the file says what the checkpoint says, to the last of 48 tokens."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file
from support.exported import ARCHITECTURES, adapter, base, exact, failed, rewritten, verdict
from support.tiny_chatglm import make_chatglm
from support.tiny_students import tiny_student

from demiurgic.errors import UserError
from demiurgic_models.gguf_header import read_header
from demiurgic_training.checkpoints import native_checkpoint
from demiurgic_training.exporting.checkpoint import Checkpoint
from demiurgic_training.exporting.layouts import layout_of
from demiurgic_training.exporting.merging import merged
from demiurgic_training.exporting.sources import base_of


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory):
    torch.set_num_threads(1)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_merged_adapter_says_the_same_as_a_file(architecture: str, tmp_path: Path):
    learned = adapter(tmp_path / "adapter", base(tmp_path, architecture), dora=architecture == "qwen2")
    whole = merged(learned, tmp_path / "merged")
    found, measured, reference = verdict(*exact(Checkpoint(whole), tmp_path / "out"))
    assert failed(found) == set()
    assert measured.same_tokens == [48] * len(reference.prompts)
    assert measured.difference < 1e-4 * measured.scale
    assert measured.agreement == 1.0
    # The adapter changed something: else a file of the base alone would do as well.
    plain, theirs = (
        load_file(next(base_of(learned).glob("*.safetensors"))),
        load_file(next(whole.glob("*.safetensors"))),
    )
    assert any(not torch.equal(plain[name], theirs[name]) for name in theirs)


def test_a_character_is_known_whatever_it_is_called_now(tmp_path: Path):
    source = make_chatglm(tmp_path / "characterglm-6b", roles=False)
    checkpoint = Checkpoint(native_checkpoint(source), str(source))
    file, out = exact(checkpoint, tmp_path / "out")
    found, measured, _ = verdict(file, out)
    assert (measured.family, failed(found)) == ("characterglm", set())
    renamed = rewritten(file, tmp_path / "f.gguf", {"general.name": "campus-bot"})
    assert failed(verdict(renamed, out)[0]) == {"family that the runtime sees"}


def test_merging_again_takes_what_is_there_and_another_adapter_does_not(tmp_path: Path):
    of = tiny_student(tmp_path / "llama", "llama")
    first, second = adapter(tmp_path / "a", of), adapter(tmp_path / "b", of, seed=2)
    whole = merged(first, tmp_path / "merged")
    made = (whole / "model.safetensors").stat().st_mtime_ns
    assert merged(first, whole) == whole
    assert (whole / "model.safetensors").stat().st_mtime_ns == made
    merged(second, whole)
    assert (whole / "model.safetensors").stat().st_mtime_ns != made
    assert json.loads((whole / "merged.json").read_text())["difference"] < 1e-4


def test_two_exports_of_one_run_merge_one_after_the_other(tmp_path: Path):
    learned, whole = adapter(tmp_path / "learned", base(tmp_path, "glm4")), tmp_path / "merged"
    with ThreadPoolExecutor() as both:
        assert list(both.map(merged, [learned] * 3, [whole] * 3)) == [whole] * 3
    assert Checkpoint(whole).parameters == Checkpoint(base(tmp_path, "glm4")).parameters


def test_a_file_names_the_token_that_begins_texts_though_none_begins_with_it(tmp_path: Path):
    """Else llama.cpp takes number 11 for it, whatever that is."""
    folder = base(tmp_path, "qwen2")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"bos_token_id": config["eos_token_id"][1]}))
    file, out = exact(Checkpoint(folder), tmp_path / "out")
    fields = read_header(file).fields
    assert fields["tokenizer.ggml.bos_token_id"] == config["eos_token_id"][1]
    assert not fields["tokenizer.ggml.add_bos_token"]
    assert failed(verdict(file, out)[0]) == set()


def test_llama_31_keeps_its_stretched_positions(tmp_path: Path):
    folder = tiny_student(tmp_path / "llama", "llama")
    config = json.loads((folder / "config.json").read_text())
    config["rope_parameters"] |= {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64,
    }
    (folder / "config.json").write_text(json.dumps(config))
    file, out = exact(Checkpoint(folder), tmp_path / "out")
    assert "rope_freqs.weight" in {tensor.name for tensor in read_header(file).tensors}
    assert failed(verdict(file, out)[0]) == set()


@pytest.mark.parametrize(
    ("architecture", "change", "problem"),
    [
        ("smollm3", {"no_rope_layers": [1, 0, 1, 1]}, "go without positions"),
        ("qwen2", {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0}}, "kind yarn"),
        ("qwen2", {"use_sliding_window": True, "sliding_window": 8}, "sliding window"),
        ("llama", {"hidden_act": "gelu"}, "activation gelu"),
    ],
)
def test_what_llama_cpp_would_run_otherwise_is_refused(architecture: str, change: dict, problem: str, tmp_path: Path):
    config = transformers.AutoConfig.from_pretrained(tiny_student(tmp_path / architecture, architecture))
    for name, value in change.items():
        setattr(config, name, value)
    with pytest.raises(UserError, match=problem):
        layout_of(config)


def test_an_unknown_architecture_is_refused_by_name():
    with pytest.raises(UserError, match="type gpt2 cannot be exported; known are glm"):
        layout_of(transformers.GPT2Config())


def test_native_folders_are_left_alone(tmp_path: Path):
    folder = tiny_student(tmp_path / "glm", "glm")
    assert native_checkpoint(folder, tmp_path / "cache") == folder
    assert not (tmp_path / "cache").exists()


def test_experts_say_the_same_as_a_file(tmp_path: Path):
    folder = tiny_student(tmp_path / "glm", "glm4")
    plain = transformers.AutoConfig.from_pretrained(folder)
    config = transformers.Glm4MoeConfig(
        vocab_size=plain.vocab_size,
        hidden_size=64,
        intermediate_size=128,
        moe_intermediate_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        n_routed_experts=8,
        num_experts_per_tok=2,
        n_shared_experts=1,
        first_k_dense_replace=1,
        routed_scaling_factor=2.5,
        attention_bias=True,
        use_qk_norm=True,
        max_position_embeddings=512,
        initializer_range=0.2,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6, "partial_rotary_factor": 0.5},
        eos_token_id=plain.eos_token_id,
        pad_token_id=plain.pad_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = transformers.Glm4MoeForCausalLM(config)
        for name, values in (*model.named_parameters(), *model.named_buffers()):
            if name.endswith("bias"):
                torch.nn.init.normal_(values, std=0.1)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder)
    file, out = exact(Checkpoint(folder), tmp_path / "out")
    found, measured, _ = verdict(file, out)
    assert failed(found) == set()
    assert measured.same_tokens == [48] * 4
    config.n_group = 2
    with pytest.raises(UserError, match="in groups"):
        layout_of(config)
