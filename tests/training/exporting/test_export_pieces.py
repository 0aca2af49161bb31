"""Parts of an export by themselves: vocabularies by name, Modelfiles, smaller forms, room."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import gguf
import psutil
import pytest
from support.tiny_students import tiny_student
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from demiurgic.errors import DiskFull, UserError, WorkError
from demiurgic.messages import Assistant, System, User
from demiurgic.templates.chatml import QWEN_PERSONA, ChatML
from demiurgic.templates.glm4 import Glm4
from demiurgic.templates.llama3 import Llama3
from demiurgic.templates.protocol import Vocabulary
from demiurgic_models.gguf import inspect
from demiurgic_training.exporting.licences import licence_of
from demiurgic_training.exporting.modelfile import modelfile, ollama_template
from demiurgic_training.exporting.quantising import quantise
from demiurgic_training.exporting.room import check_room, room_for
from demiurgic_training.exporting.vocabulary import vocabulary_of
from demiurgic_training.exporting.wish import Quantisation

DIGITS = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel()])
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def split(pattern: str):
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def tokenizer(cutting, *, whole: bool = False) -> PreTrainedTokenizerFast:
    alphabet = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    held = Tokenizer(models.BPE(vocab={**alphabet, "ab": 256}, merges=[("a", "b")], ignore_merges=whole))
    held.pre_tokenizer, held.decoder = cutting, decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=held, eos_token="<end>")


@pytest.mark.parametrize(
    ("cutting", "whole", "glm", "name"),
    [
        (split(LLAMA3), True, True, "glm4"),
        (split(LLAMA3), True, False, "llama-bpe"),
        (split(LLAMA3), False, True, "chatglm-bpe"),
        (split(LLAMA3.replace("{1,3}", "")), False, False, "qwen2"),
        (pre_tokenizers.ByteLevel(), False, False, "gpt-2"),
        (DIGITS, False, False, "smollm"),
    ],
)
def test_how_words_are_cut_has_a_name(cutting, whole: bool, glm: bool, name: str):
    found = vocabulary_of(tokenizer(cutting, whole=whole), 260, glm=glm)
    assert (found.model, found.cutter, found.merges) == ("gpt2", name, ("a b",))
    assert found.tokens[256:] == ("ab", "<end>", "[PAD258]", "[PAD259]")
    assert found.kinds[255:] == (
        gguf.TokenType.NORMAL,
        gguf.TokenType.NORMAL,
        gguf.TokenType.CONTROL,
        gguf.TokenType.UNUSED,
        gguf.TokenType.UNUSED,
    )


@pytest.mark.parametrize(
    ("cutting", "whole"),
    [
        (split(LLAMA3.replace("{1,3}", "{1,4}")), True),
        (split(LLAMA3.replace("{1,3}", "")), True),
        (pre_tokenizers.Whitespace(), False),
        (pre_tokenizers.ByteLevel(use_regex=False), False),
    ],
)
def test_what_has_no_name_is_refused_and_not_guessed(cutting, whole: bool):
    with pytest.raises(UserError, match="has no name for a tokenizer"):
        vocabulary_of(tokenizer(cutting, whole=whole), 260, glm=True)


def test_more_tokens_than_the_model_has_room_for():
    with pytest.raises(UserError, match="room for 256"):
        vocabulary_of(tokenizer(pre_tokenizers.ByteLevel()), 256, glm=False)


def test_ollama_writes_turns_as_the_runtime_does():
    written = ollama_template(Glm4(Vocabulary({})))
    assert written is not None
    for role in ("system", "user", "assistant"):
        assert f'eq .Role "{role}" }}}}<|{role}|>\n{{{{ .Content }}}}' in written
    assert written.startswith("[gMASK]<sop>{{ range .Messages }}")
    assert written.endswith("{{ end }}{{ end }}<|assistant|>")
    assert "<|im_end|>\n{{ else if" in (ollama_template(ChatML(Vocabulary({}))) or "")


@pytest.mark.parametrize("template", [ChatML(Vocabulary({}), QWEN_PERSONA), Llama3(Vocabulary({}))])
def test_turns_that_depend_on_each_other_are_left_to_the_file(template):
    assert ollama_template(template) is None
    assert "TEMPLATE" not in modelfile("m.gguf", template)


def test_a_modelfile_names_the_file_and_every_stop():
    text = modelfile("m-Q8_0.gguf", Glm4(Vocabulary({})))
    assert text.startswith("FROM ./m-Q8_0.gguf\n")
    assert [line for line in text.splitlines() if line.startswith("PARAMETER")] == [
        f'PARAMETER stop "{stop}"' for stop in Glm4(Vocabulary({})).stops
    ]


@pytest.mark.parametrize("form", ["F16", "BF16", "Q4_0"])
def test_smaller_forms_are_made_of_an_exact_file(form: str, tiny_glm4: Path, tmp_path: Path):
    quantise(tiny_glm4, tmp_path / "m.gguf", Quantisation(form))
    assert inspect(tmp_path / "m.gguf").quantisation == form
    assert (tmp_path / "m.gguf").stat().st_size < tiny_glm4.stat().st_size


def test_a_broken_file_is_not_made_smaller(tiny_glm4: Path, tmp_path: Path):
    (tmp_path / "half.gguf").write_bytes(tiny_glm4.read_bytes()[:20_000])
    with pytest.raises(WorkError, match="Q8_0 could not be made"):
        quantise(tmp_path / "half.gguf", tmp_path / "m.gguf", Quantisation.Q8_0)
    assert not (tmp_path / "m.gguf").exists()


LIMITED = """
import resource, sys
from pathlib import Path
from demiurgic.errors import WorkError
from demiurgic_training.exporting.quantising import quantise
from demiurgic_training.exporting.room import check_room, room_for
from demiurgic_training.exporting.wish import Quantisation
resource.setrlimit(resource.RLIMIT_FSIZE, (60000, 60000))
try:
    quantise(Path(sys.argv[1]), Path(sys.argv[2]), Quantisation.Q8_0)
except WorkError as error:
    print(error)
    sys.exit(1)
"""


def test_a_disk_that_fills_while_making_it_smaller_leaves_no_file(tiny_glm4: Path, tmp_path: Path):
    target = tmp_path / "m.gguf"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tiny_glm4), str(target)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Q8_0 could not be made" in done.stdout
    assert not target.exists()


def test_there_must_be_room_on_the_disk_and_in_memory(tmp_path: Path):
    check_room(room_for(1000, (Quantisation.Q8_0,)), tmp_path)
    with pytest.raises(DiskFull, match="are free; make room"):
        check_room(room_for(shutil.disk_usage(tmp_path).free // 4, (Quantisation.Q8_0,)), tmp_path)
    with pytest.raises(DiskFull, match="are free; make room"):
        check_room(room_for(1000, (), merged=shutil.disk_usage(tmp_path).free), tmp_path)
    with pytest.raises(WorkError, match=r"of memory, and .* are free; close other programs"):
        check_room(replace(room_for(1000, ()), memory=psutil.virtual_memory().total), tmp_path)


def test_what_an_export_takes_is_four_bytes_a_weight_and_what_is_wanted_besides():
    glm = room_for(9_400_000_000, (Quantisation.F32, Quantisation.Q8_0))
    assert str(glm) == "47.6 GB of the disk while it is made, and 39.5 GB of memory"


WRITING = """
import resource, sys
from pathlib import Path
from demiurgic_training.exporting.checkpoint import Checkpoint
from demiurgic_training.exporting.gguf_writer import write_gguf
from demiurgic_training.exporting.layouts import layout_of
source, target = map(Path, sys.argv[1:])
checkpoint = Checkpoint(source)
layout = layout_of(checkpoint.config)
_ = next(checkpoint.tensors()).read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
write_gguf(checkpoint, layout, "large", target)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def test_memory_does_not_grow_with_the_model_that_is_written(tmp_path: Path):
    """400 MB in 160 matrices, of which each is 2.4 MB: no more than some of them are in memory."""
    source = tiny_student(tmp_path / "large", "qwen2", hidden=768, layers=24)
    done = subprocess.run(
        [sys.executable, "-c", WRITING, str(source), str(tmp_path / "large.gguf")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < (tmp_path / "large.gguf").stat().st_size / 4


def test_a_licence_is_what_the_makers_card_says(tmp_path: Path):
    first, second = tmp_path / "a", tmp_path / "b"
    for folder, text in ((first, "# no front matter\nlicense: gpl\n"), (second, "---\nlicense: apache-2.0\n---\n")):
        folder.mkdir()
        (folder / "README.md").write_text(text)
    assert licence_of(first, second) == "apache-2.0"
    assert licence_of(first) == "not said"
    (first / "README.md").write_text("---\nlicense: other\nlicense_name: glm-4\n---\n")
    assert licence_of(first) == "glm-4"


def test_conversations_of_the_probe_are_what_ollama_would_write():
    """The Go template, carried out by hand for a conversation that it was not made from."""
    family = ChatML(Vocabulary({}))
    written = ollama_template(family)
    assert written is not None
    opening, rest = written.split("{{ range .Messages }}")
    turns, ending = rest.rsplit("{{ end }}{{ end }}", 1)
    heads = {
        part.split('"')[1]: part.split("}}", 1)[1].split("{{ else ")[0] for part in turns.split("if eq .Role ")[1:]
    }
    conversation = (System("Be kind."), User("Hi"), Assistant("Hello."), User("Bye"))
    text = opening + "".join(heads[turn.role].replace("{{ .Content }}", turn.text) for turn in conversation) + ending
    assert text == "".join(segment.text for segment in family.render(conversation))
    assert json.dumps(text)
