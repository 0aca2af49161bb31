"""Headers of model files: what is read from good ones, and how bad ones are refused."""

import os
import struct
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demiurgic_models.errors import BadModelFile
from demiurgic_models.gguf import inspect, inspect_words, memory_needed


def test_what_a_file_says_of_itself(tiny_glm4: Path):
    card = inspect(tiny_glm4)
    assert (card.architecture, card.layers, card.context_length) == ("glm4", 2, 4096)
    assert card.vocabulary == 371
    assert card.kv_values_per_token == 2 * 2 * (16 + 16)
    assert card.template
    assert memory_needed(card, 4096) - memory_needed(card, 0) == 2 * 4096 * card.kv_values_per_token


@pytest.mark.parametrize("model", ["smollm2", "qwen"])
def test_real_files(model: str, request: pytest.FixtureRequest):
    card = inspect(request.getfixturevalue(model))
    assert card.template
    words = inspect_words(card.path)
    assert bool(words.holes) == (model == "qwen")
    assert {"<|im_start|>", "<|im_end|>"} <= words.markers.keys()
    assert card.vocabulary > max(words.markers.values())
    assert card.bytes > card.parameters / 3


def test_a_vocabulary_is_passed_over_by_who_does_not_ask_for_it(tmp_path: Path):
    """Texts shorter and longer than what is read at once, and one that ends with it."""
    texts = [b"", *(b"x" * length for length in (1, 65_520, 65_528, 65_536, 200_000)), *[b"word"] * 30_000, b"end"]
    listed = b"".join(struct.pack("<Q", len(text)) + text for text in texts)

    def text(said: bytes) -> bytes:
        return struct.pack("<Q", len(said)) + said

    merges = text(b"tokenizer.ggml.merges") + struct.pack("<IIQ", 9, 8, len(texts)) + listed
    architecture = text(b"general.architecture") + struct.pack("<I", 8) + text(b"llama")
    tensor = text(b"t") + struct.pack("<IQIQ", 1, 1, 0, 0)
    head = HEAD + struct.pack("<QQ", 1, 2) + merges + architecture + tensor
    file = tmp_path / "long.gguf"
    file.write_bytes(head + b"\0" * (-len(head) % 32) + b"\0" * 4)
    assert inspect(file).architecture == "llama"
    for length in (len(head) // 2, len(head) - 60):
        refused(file, head[:length])


def test_a_header_is_read_faster_than_its_vocabulary(qwen: Path):
    def seconds(read) -> float:
        began = time.process_time()
        read(qwen)
        return time.process_time() - began

    assert 1.5 * min(seconds(inspect) for _ in range(3)) < min(seconds(inspect_words) for _ in range(3))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, tiny_glm4: Path) -> bytes:
    return tiny_glm4.read_bytes()


def refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    start = time.perf_counter()
    with pytest.raises(BadModelFile, match=path.name):
        inspect(path)
    assert time.perf_counter() - start < 1


def test_files_cut_anywhere_are_refused(whole: bytes, tmp_path: Path):
    file = tmp_path / "cut"
    for length in [*range(0, 400), *range(400, len(whole) - 1, len(whole) // 200), len(whole) - 1]:
        refused(file, whole[:length])


HEAD = b"GGUF" + struct.pack("<I", 3)


@pytest.mark.parametrize(
    "content",
    [
        b"GGML" + b"\0" * 100,
        b"GGUF" + struct.pack("<I", 1) + b"\0" * 100,
        b"FUGG" + b"\0" * 100,
        HEAD + struct.pack("<QQ", 2**60, 1),
        HEAD + struct.pack("<QQ", 1, 2**60),
        HEAD + struct.pack("<QQ", 1, 1) + struct.pack("<Q", 2**62),
        HEAD + struct.pack("<QQQ", 0, 1, 1) + b"k" + struct.pack("<IIQ", 9, 8, 2**61),
        HEAD + struct.pack("<QQQ", 0, 1, 1) + b"k" + struct.pack("<IIQ", 9, 9, 5),
        HEAD + struct.pack("<QQQ", 0, 1, 1) + b"k" + struct.pack("<I", 77),
        HEAD + struct.pack("<QQ", 0, 0),
    ],
)
def test_hostile_headers_are_refused_at_once(tmp_path: Path, content: bytes):
    refused(tmp_path / "bad", content + b"\0" * 64)


@given(data=st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_files_with_wrong_bytes_are_read_or_refused_but_never_crash(whole: bytes, tmp_path: Path, data):
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, 9000))] = data.draw(st.integers(0, 255))
    file = tmp_path / "fuzzed"
    file.write_bytes(content)
    try:
        inspect(file)
    except BadModelFile:
        return


@given(st.binary(max_size=400))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_are_refused(tmp_path: Path, content: bytes):
    refused(tmp_path / "random", content)


def test_what_is_no_file_is_refused(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, tmp_path / "missing", pipe, Path("/dev/zero")):
        with pytest.raises(BadModelFile):
            inspect(path)
