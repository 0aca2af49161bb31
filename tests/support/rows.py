"""Rows for tests: any row that hypothesis can think of, and the plain ones that most tests want."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st
from support.stream_values import ARGUMENTS, MESSAGES, TEXTS

from demiurgic.cli import main
from demiurgic.messages import Assistant, Tool
from demiurgic_training.files import write_items
from demiurgic_training.rows import Pair, Row, asked

TOOLS = st.builds(Tool, TEXTS, TEXTS, ARGUMENTS)
ROWS = st.builds(
    Row,
    st.lists(MESSAGES, min_size=1, max_size=4).map(tuple),
    st.lists(TOOLS, max_size=2).map(tuple),
    ARGUMENTS,
)
PAIRS = st.builds(
    Pair,
    st.lists(MESSAGES, min_size=1, max_size=3).map(tuple),
    st.from_type(Assistant),
    st.from_type(Assistant),
    ARGUMENTS,
)


def talk(number: int, answer: str = "") -> Row:
    """One of many that have nothing in common."""
    words = " ".join(f"w{number * 37 + at}" for at in range(12))
    return asked(f"What is {words}?", answer or f"It is {words[::-1]}, as everybody knows.")


def write_lines(path: Path, lines: Iterable[object]) -> Path:
    path.write_text("".join(line if isinstance(line, str) else f"{json.dumps(line)}\n" for line in lines), "utf-8")
    return path


def write_rows(path: Path, rows: Iterable[Row]) -> Path:
    write_items(path, rows)
    return path


def read_json(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def refused(*words: object) -> str:
    """What `demiurgic data ...` says in its one line of words that it cannot do anything with."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        code = main(["data", *map(str, words)])
    assert (code, len(said.getvalue().splitlines())) == (2, 1), said.getvalue()
    return said.getvalue()


def data(*words: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """`demiurgic data ...` in a process of its own, with more in its environment."""
    command = [sys.executable, "-m", "demiurgic", "data", *map(str, words)]
    around = {**os.environ, **variables}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=around)
