"""The certificate sees what is wrong with a file, above all what converters have been seen to do wrong."""

import json
from pathlib import Path

import pytest
import torch
from support.exported import base, exact, failed, rewritten, verdict
from support.tiny_students import tiny_student

from demiurgic_training.checkpoints import native_checkpoint
from demiurgic_training.exporting.answers import read_reference
from demiurgic_training.exporting.checkpoint import Checkpoint
from demiurgic_training.exporting.parity import Certificate, Check, Examined, examine, made_with


@pytest.fixture(scope="module")
def glm(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A file and what its checkpoint says, whose RoPE and eps are those of glm-4-9b-chat-hf."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("certificate")
    return exact(Checkpoint(tiny_student(folder / "glm", "glm")), folder / "out")


@pytest.fixture(scope="module")
def chatglm3(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("certificate3")
    return exact(Checkpoint(native_checkpoint(base(folder, "chatglm3"), folder / "cache")), folder / "out")


def broken(whole: tuple[Path, Path], target: Path, **changes: object) -> set[str]:
    file, folder = whole
    named = {name.replace("__", "."): value for name, value in changes.items()}
    return failed(verdict(rewritten(file, target, named), folder)[0])


def test_a_copy_passes_so_that_what_fails_below_is_the_change(glm: tuple[Path, Path], tmp_path: Path):
    assert broken(glm, tmp_path / "f.gguf") == set()


def test_glm_with_the_positions_of_another_model(glm: tuple[Path, Path], tmp_path: Path):
    """Converters take 10,000 where the config has no `rope_ratio`."""
    found = broken(glm, tmp_path / "f.gguf", chatglm__rope__freq_base=10000.0)
    assert found == {"numbers of the header", "greedy tokens", "logits"}


def test_glm_with_the_eps_of_another_model(glm: tuple[Path, Path], tmp_path: Path):
    """1e-5 for 1.5625e-7: hardly heard in the logits, and wrong all the same."""
    found = broken(glm, tmp_path / "f.gguf", chatglm__attention__layer_norm_rms_epsilon=1e-5)
    assert "numbers of the header" in found


def test_glm_with_its_width_for_a_context(glm: tuple[Path, Path], tmp_path: Path):
    assert broken(glm, tmp_path / "f.gguf", chatglm__context_length=64) == {"numbers of the header"}


def test_glm_that_talks_on_behind_a_call(glm: tuple[Path, Path], tmp_path: Path):
    """`<|observation|>` ends a turn only where the header says so."""
    found = broken(glm, tmp_path / "f.gguf", tokenizer__ggml__eom_token_id=None)
    assert found == {"tokens that end a turn"}


def test_chatglm3_with_the_vocabulary_of_another_kind(chatglm3: tuple[Path, Path], tmp_path: Path):
    """Converters know ChatGLM3 by its name alone, and write any other as byte-level merges."""
    file, folder = chatglm3
    changes = {"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "chatglm-bpe", "tokenizer.ggml.scores": None}
    reference, _ = read_reference(folder)
    examined = examine("F32", rewritten(file, tmp_path / "f.gguf", changes), folder, reference)
    assert not examined.agrees
    assert examined.measured is None or not examined.checks[5].passed


def test_another_way_to_cut_words(glm: tuple[Path, Path], tmp_path: Path):
    assert "texts as tokens" in broken(glm, tmp_path / "f.gguf", tokenizer__ggml__pre="gpt-2")


def test_a_template_that_is_one_byte_another(glm: tuple[Path, Path], tmp_path: Path):
    template = read_reference(glm[1])[0].chat_template
    assert template is not None
    found = broken(glm, tmp_path / "f.gguf", tokenizer__chat_template=template.replace("\n", "", 1))
    assert "chat template" in found


def test_a_first_token_that_nobody_asked_for(glm: tuple[Path, Path], tmp_path: Path):
    changes = {"tokenizer__ggml__bos_token_id": 643, "tokenizer__ggml__add_bos_token": True}
    assert broken(glm, tmp_path / "f.gguf", **changes) == {"token that begins a text"}


def test_a_file_that_is_none(glm: tuple[Path, Path], tmp_path: Path):
    file = tmp_path / "f.gguf"
    file.write_bytes(glm[0].read_bytes()[:50_000])
    examined = examine("Q8_0", file, glm[1], read_reference(glm[1])[0])
    assert [check.name for check in examined.checks] == ["llama.cpp reads it"]
    assert not examined.agrees


def test_a_certificate_says_what_failed_and_is_kept_as_json(tmp_path: Path):
    fine, wrong = Check("logits", True, "1e-5"), Check("chat template", False, "another")
    certificate = Certificate("m", made_with(), (Examined("F32", (fine,), None), Examined("Q8_0", (fine, wrong), None)))
    certificate.write(tmp_path / "c.json")
    held = json.loads((tmp_path / "c.json").read_text())
    assert certificate.failures == ["Q8_0: chat template (another)"]
    assert (held["agrees"], [file["agrees"] for file in held["files"]]) == (False, [True, False])
    assert held["files"][1]["checks"][1] == {"name": "chat template", "passed": False, "found": "another"}
