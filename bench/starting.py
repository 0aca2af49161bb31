"""How long a program takes to its help, and to the prompt where one can type. No model is loaded for either.

The peers are installed from the package index into environments of their own, kept in the user's cache.
"""

import os
import pty
import re
import select
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from platformdirs import user_cache_path

from bench.figures import Figures, answer

ROUNDS = 7
PEERS = {"llm": "llm", "aider": "aider-chat"}
LONGEST = 90.0
CODES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
NO_NETWORK = {"OPENAI_API_KEY": "none", "AIDER_ANALYTICS": "false", "AIDER_CHECK_UPDATE": "false", "AIDER_SHOW_RELEASE_NOTES": "false"}  # fmt: skip
PROMPTS = {
    "demiurgic": (["demiurgic"], b"\xe2\x80\xba"),
    "llm": (["llm", "chat", "-m", "gpt-4o"], b"\n> "),
    "aider": (["aider", "--model", "gpt-4o", "--no-git", "--no-show-model-warnings", "--no-gitignore", "--no-pretty"], b"\n>"),
}  # fmt: skip


def program(name: str) -> Path:
    """Where it lies, installed if it must be."""
    if name == "demiurgic":
        return Path(sys.executable).with_name(name)
    home = Path(os.environ.get("DEMIURGIC_BENCH_PEERS", user_cache_path("demiurgic") / "bench-peers")) / name
    if not (home / "bin" / name).exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(home / "bin" / "pip"), "install", "--quiet", PEERS[name]], check=True)
    return home / "bin" / name


def help_of(name: str) -> float:
    start = time.perf_counter()
    subprocess.run([str(program(name)), "--help"], check=True, capture_output=True)
    return time.perf_counter() - start


def to_prompt(name: str, home: Path) -> float:
    """Seconds until its prompt is on the screen."""
    command, mark = PROMPTS[name]
    start = time.perf_counter()
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(home)
        place = dict(os.environ) | NO_NETWORK | {"HOME": str(home), "TERM": "xterm-256color"}
        os.execve(program(name), command, place)
    seen = b""
    try:
        while mark not in CODES.sub(b"", seen):
            if time.perf_counter() - start > LONGEST or not select.select([terminal], [], [], LONGEST)[0]:
                raise TimeoutError(seen[-500:])
            data = os.read(terminal, 65536)
            seen += data
            if b"\x1b[6n" in data:  # it asks where the cursor is
                os.write(terminal, b"\x1b[1;1R")
        return time.perf_counter() - start
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)


def starting(_model: str) -> Figures:
    figures = {}
    with tempfile.TemporaryDirectory() as home:
        for name in ("demiurgic", *PEERS):
            program(name)
            figures[f"{name} help"] = 1e3 * statistics.median(help_of(name) for _ in range(ROUNDS))
            figures[f"{name} prompt"] = 1e3 * statistics.median(to_prompt(name, Path(home)) for _ in range(ROUNDS))
    return figures


if __name__ == "__main__":
    answer(starting)
