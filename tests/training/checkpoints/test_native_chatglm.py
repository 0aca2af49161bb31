"""ChatGLM2, ChatGLM3 and CharacterGLM become native without a line of their code being run."""

import json
from pathlib import Path

import pytest
import torch
import transformers
from safetensors.torch import load_file
from support.tiny_chatglm import make_chatglm, sentencepiece, vocabulary

from demiurgic.errors import UserError
from demiurgic_training.checkpoints import native_checkpoint
from demiurgic_training.checkpoints.sentencepiece import Kind, read_pieces
from demiurgic_training.checkpoints.spelling import spelled
from demiurgic_training.exporting.checkpoint import Checkpoint


def test_the_fused_matrix_is_cut_where_its_parts_meet(tmp_path: Path):
    source = make_chatglm(tmp_path / "chatglm3-6b")
    theirs = load_file(source / "model.safetensors")
    native = native_checkpoint(source, tmp_path / "cache")
    ours = load_file(native / "model-00001-of-00001.safetensors")
    for layer in range(2):
        for kind in ("weight", "bias"):
            parts = [ours[f"model.layers.{layer}.self_attn.{one}_proj.{kind}"] for one in "qkv"]
            assert [len(part) for part in parts] == [64, 32, 32]
            fused = theirs[f"transformer.encoder.layers.{layer}.self_attention.query_key_value.{kind}"]
            assert torch.equal(torch.cat(parts), fused)
    model = transformers.AutoModelForCausalLM.from_pretrained(native)
    assert type(model).__name__ == "GlmForCausalLM"
    assert set(model.state_dict()) == set(ours)
    config = model.config
    assert (config.rope_parameters["rope_theta"], config.rms_norm_eps, config.max_position_embeddings) == (
        10000,
        1e-5,
        512,
    )


def test_the_older_form_of_weights_says_the_same_and_is_converted_once(tmp_path: Path):
    new = native_checkpoint(make_chatglm(tmp_path / "new"), tmp_path / "cache")
    source = make_chatglm(tmp_path / "old", old_form=True)
    old = native_checkpoint(source, tmp_path / "cache")
    ours, theirs = (
        load_file(new / "model-00001-of-00001.safetensors"),
        load_file(old / "model-00001-of-00001.safetensors"),
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    written = (old / "model-00001-of-00001.safetensors").stat().st_mtime_ns
    assert native_checkpoint(source, tmp_path / "cache") == old
    assert (old / "model-00001-of-00001.safetensors").stat().st_mtime_ns == written


def test_roles_end_turns_where_there_are_roles(tmp_path: Path):
    three = Checkpoint(native_checkpoint(make_chatglm(tmp_path / "chatglm3-6b"), tmp_path / "cache"))
    names = three.tokenizer.native.convert_ids_to_tokens(list(three.ends))
    assert (three.template.family, names) == ("chatglm3", ["</s>", "<|user|>", "<|observation|>"])
    assert three.tokenizer.tokenize("[gMASK]sop<|user|>\n hello")[:3] == [
        three.tokenizer.markers[name] for name in ("[gMASK]", "sop", "<|user|>")
    ]
    assert three.tokenizer.markers["sop"] not in three.tokenizer.tokenize("philosophy", markers=False)
    character = make_chatglm(tmp_path / "characterglm-6b", roles=False)
    checkpoint = Checkpoint(native_checkpoint(character, tmp_path / "cache"))
    assert (checkpoint.template.family, checkpoint.ends) == ("characterglm", (2,))
    assert "<|user|>" not in checkpoint.tokenizer.markers


def test_text_comes_back_from_its_tokens(tmp_path: Path):
    native = native_checkpoint(make_chatglm(tmp_path / "m"), tmp_path / "cache")
    tokenizer = transformers.AutoTokenizer.from_pretrained(native)
    for text in ("def hello", "你好 the value", "  two blanks", "tab\tand\nline", "👍 é"):
        assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"rmsnorm": False}, "sets rmsnorm to False"),
        ({"add_bias_linear": True}, "sets add_bias_linear to True"),
        ({"original_rope": False}, "sets original_rope to False"),
    ],
)
def test_another_model_of_that_layout_is_refused(change: dict, problem: str, tmp_path: Path):
    folder = make_chatglm(tmp_path / "m")
    config = json.loads((folder / "config.json").read_text()) | change
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=problem):
        native_checkpoint(folder, tmp_path / "cache")


def test_stretched_positions_and_glm4_are_told_apart(tmp_path: Path):
    folder = make_chatglm(tmp_path / "m")
    config = json.loads((folder / "config.json").read_text()) | {"rope_ratio": 50}
    (folder / "config.json").write_text(json.dumps(config))
    theta = transformers.AutoConfig.from_pretrained(native_checkpoint(folder, tmp_path / "c")).rope_parameters[
        "rope_theta"
    ]
    assert theta == 500000
    (folder / "modeling_chatglm.py").write_text("seq_idx = torch.arange(seq_len) / self.rope_ratio")
    with pytest.raises(UserError, match="stretches positions"):
        native_checkpoint(folder, tmp_path / "c")
    (folder / "tokenizer.model").write_bytes(b"IQ== 0\nIg== 1\n")
    with pytest.raises(UserError, match="glm-4-9b-chat-hf"):
        native_checkpoint(folder, tmp_path / "c")


def test_a_tensor_that_has_no_place_leaves_nothing_behind(tmp_path: Path):
    folder = make_chatglm(tmp_path / "m", old_form=True)
    file = next(folder.glob("*.bin"))
    tensors = torch.load(file)
    torch.save({**tensors, "transformer.prefix_encoder.embedding.weight": torch.ones(2)}, file)
    with pytest.raises(UserError, match="prefix_encoder"):
        native_checkpoint(folder, tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []


def test_tokens_are_those_of_sentencepiece_itself():
    """A vocabulary that sentencepiece learned from this program's own texts, and how it cuts the certificate's."""
    data = Path(__file__).parent / "data"
    tokenizer = spelled(read_pieces(data / "merges.model"), ("[gMASK]", "sop", "<|user|>"))
    for case in json.loads((data / "merges.json").read_text("utf-8")):
        tokens = tokenizer(case["text"], add_special_tokens=False, split_special_tokens=True)["input_ids"]
        assert tokens == case["tokens"], case["text"]


def test_a_vocabulary_is_read_as_it_was_written(tmp_path: Path):
    file, pieces = tmp_path / "tokenizer.model", vocabulary()
    file.write_bytes(sentencepiece(pieces))
    assert [(piece.text, piece.score, int(piece.kind)) for piece in read_pieces(file)] == pieces
    assert read_pieces(file)[3].kind is Kind.BYTE


@pytest.mark.parametrize(
    "data", [b"", b"\x0a", b"\x0a\x05abc", b"\xff" * 40, b"plain text, no vocabulary", b"\x0a\x00"]
)
def test_what_is_no_vocabulary_is_refused(data: bytes, tmp_path: Path):
    (tmp_path / "tokenizer.model").write_bytes(data)
    with pytest.raises(UserError):
        read_pieces(tmp_path / "tokenizer.model")
