"""A disk that is full, and a process that is killed, while what an engine knows is written to a file."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.engines import ask, opened

from demiurgic.errors import UserError

CHILD = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from support.engines import ask, opened
from demiurgic.errors import EngineError
with opened(Path(sys.argv[2])) as engine:
    prompt = engine.tokenize("The quick brown fox jumps over the lazy dog. " * 20)
    ask(engine, prompt, max_tokens=1)
    file = Path(sys.argv[3])
    if sys.argv[4] == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            engine.save(prompt, file)
        except EngineError as error:
            sys.stdout.write(str(error))
    else:
        sys.stdout.write("ready\\n")
        sys.stdout.flush()
        while True:
            engine.save(prompt, file)
"""
TESTS = str(Path(__file__).parents[2])


def child(model: Path, file: Path, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, TESTS, str(model), str(file), how], stdout=subprocess.PIPE, text=True
    )


def test_a_full_disk_is_told_and_leaves_the_older_file(tiny_glm4: Path, tmp_path: Path):
    file = tmp_path / "saved"
    file.write_text("older")
    said, _ = child(tiny_glm4, file, "full").communicate(timeout=100)
    assert f"{file} cannot be written: File too large" in said
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]
    assert file.read_text() == "older"


def test_a_save_that_was_killed_leaves_a_whole_file(tiny_glm4: Path, tmp_path: Path):
    dice = random.Random(1)
    with opened(tiny_glm4) as engine:
        for _ in range(4):
            process = child(tiny_glm4, tmp_path / "saved", "often")
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(dice.uniform(0.05, 0.3))
            process.kill()
            process.wait()
            process.stdout.close()
            if (tmp_path / "saved").exists():
                tokens = engine.load(tmp_path / "saved")
                assert ask(engine, [*tokens, 5], max_tokens=1)[2].cached_tokens >= len(tokens) - 1


def test_a_save_that_is_not_there_is_told(tiny_glm4: Path, tmp_path: Path):
    with opened(tiny_glm4) as engine, pytest.raises(UserError, match="cannot be read: No such file"):
        engine.load(tmp_path / "nothing")
