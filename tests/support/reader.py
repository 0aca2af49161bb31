"""A reader of the documents who types what stands there, line by line, in a folder of their own.

They have small models under the names of larger ones, and the files that the pages speak of. What a page marks as not
to be tried here, they leave alone.
"""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from support.real_models import real_model
from support.rows import talk, write_lines, write_rows
from support.scored_runs import results_file, run_folder, split

from demiurgic_models.registry import find, load_registry
from demiurgic_models.store import Store

REASONS = ("a key", "a GPU", "a terminal", "the network", "files of your own", "minutes", "hours", "another machine")
NOT_TRIED = re.compile(rf"# Not tried by our tests: (?:needs|takes) (?:{'|'.join(REASONS)})\b.*\n")
INSTALLS = re.compile(r"(?m)^(?:python -m pip install|demiurgic models pull) .*\n")
STAYS = re.compile(r"(?m)^demiurgic (serve|lsp|acp|studio)\b")
"""What goes on until it is stopped."""
_ROOT = Path(__file__).parents[2]
_MODELS = ("smollm2-135m", "qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of commands; in one of `console` they stand behind a dollar, before what they print."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def tried(self) -> bool:
        return not NOT_TRIED.match(self.text)

    def commands(self) -> list[tuple[str, str | None]]:
        """What to type, and what must be printed then, if the page says it."""
        if self.language != "console":
            return [(self.text, None)]
        parts = re.split(r"(?m)^\$ ", self.text)[1:]
        pairs = [re.match(r"((?:.*\\\n)*.*)\n?((?s:.*))", part) for part in parts]
        return [(pair[1], pair[2]) for pair in pairs if pair]


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(page, text[: found.start()].count("\n") + 1, found[1], found[2])
        for found in re.finditer(r"(?ms)^```(sh|bash|console)\n(.*?)^```", text)
    ]


class Reader:
    """Types."""

    def __init__(self, home: Path, installed: set[str], model: str = _MODELS[0]) -> None:
        """`installed` remembers what another page has already had installed: it takes seconds, and changes nothing.

        `model` is the one of their settings.
        """
        self._installed = installed
        self.folder = home / "work"
        self.folder.mkdir(parents=True)
        kept = {key: value for key, value in os.environ.items() if not key.endswith(("_KEY", "_TOKEN"))}
        self.environment = {
            **kept,
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "DEMIURGIC_CONFIG": str(home / "none.toml"),
            "DEMIURGIC_STATE_DIR": str(home / "state"),
            "DEMIURGIC_CACHE_DIR": str(home / "cache"),
            "DEMIURGIC_MODELS_DIR": str(home / "models"),
            "DEMIURGIC_MODEL": model,
            "DEMIURGIC_CONTEXT": "2048",
            "BROWSER": "true",
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "COLUMNS": "100",
        }
        self._models = home / "models"
        _models(self._models)
        _files(self.folder)
        for name in ("docs", "training"):
            (self.folder / name).symlink_to(_ROOT / name)

    def prepare(self, page: Path) -> None:
        """What a page speaks of and would take long to make for all of them."""
        text = page.read_text("utf-8")
        if "data qa" in text:  # to which the smallest model has no answer
            file = self._models / real_model("qwen2.5-coder-0.5b").name
            file.unlink()
            file.symlink_to(real_model("qwen2.5-coder-0.5b"))
            _mark(Store(self._models), "qwen2.5-coder-0.5b")
        if "checkpoints/small" in text:
            from support.tiny_students import tiny_student

            (self.folder / "checkpoints").mkdir()
            tiny_student(self.folder / "checkpoints" / "small", "llama")

    def follow(self, block: Block) -> None:
        for command, printed in block.commands():
            if STAYS.search(command):
                for line in filter(None, command.splitlines()):
                    self._begin(block, line)
                continue
            done = self._run(INSTALLS.sub(self._once, command))
            assert done.returncode == 0, f"{block.page.name}:{block.line}\n{done.stdout}"
            if printed is not None:
                assert like(printed, done.stdout), f"{block.page.name}:{block.line}\n{done.stdout}"

    def _once(self, line: re.Match[str]) -> str:
        again = line[0] in self._installed
        self._installed.add(line[0])
        return "" if again else line[0]

    def _run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=240,
            check=False,
        )

    def _begin(self, block: Block, line: str) -> None:
        """Start something that goes on, see that it does, and stop it."""
        command = line.split("#")[0] if "://" not in line else line
        if command.startswith("demiurgic serve"):
            command = f"{command} --port 0"
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            printed, _ = process.communicate(timeout=4)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.communicate(timeout=60)
            return
        # With its input closed it may end by itself, but not complain.
        assert process.returncode == 0, f"{block.page.name}:{block.line} {line}\n{printed}"


def like(shown: str, printed: str) -> bool:
    """Whether what is printed is what a page shows, where an ellipsis stands for anything."""
    wanted = "".join(
        ".*?" if part == _ELLIPSIS else re.escape(part) for part in re.split(f"({_ELLIPSIS})", shown.strip())
    )
    plain = "\n".join(line.rstrip() for line in printed.strip().splitlines())
    return re.fullmatch(wanted, plain, re.DOTALL) is not None


def _models(folder: Path) -> None:
    folder.mkdir()
    store, entries = Store(folder), load_registry()
    for name in _MODELS:
        store.path(find(entries, name)).symlink_to(real_model("smollm2-135m"))
        _mark(store, name)


def _mark(store: Store, name: str) -> None:
    entry = find(load_registry(), name)
    store.mark_whole(entry, entry.sha256 or "")


def _files(folder: Path) -> None:
    """What the pages take for granted."""
    write_rows(folder / "rows.jsonl", [talk(number) for number in range(40)])
    rows = [
        {"instruction": f"Say {word}.", "input": "", "output": f"{word}, said as asked."} for word in ("one", "two")
    ]
    (folder / "alpaca.json").write_text(json.dumps(rows), "utf-8")
    said = [{"from": "human", "value": "Name a colour."}, {"from": "gpt", "value": "Red is a colour that all know."}]
    write_lines(folder / "sharegpt.jsonl", [{"conversations": said}])
    texts = [f"{text} {number}" for number in range(10) for text in ("查询余额", "转账给他")]
    lines = [f"{text},{'咨询' if text[0] == '查' else '转账'}" for text in texts]
    (folder / "data.csv").write_text("text,label\n" + "\n".join(lines) + "\n", "utf-8")
    (folder / "labels.txt").write_text("咨询\n转账\n", "utf-8")
    meta = {"user_name": "你", "user_info": "我是陆星辰", "bot_name": "苏梦远", "bot_info": "歌手"}
    turns = [
        {"role": "user", "content": "你好"},
        {
            "role": "assistant",
            "content": "很高兴见到你，我是苏梦远，一名歌手，今天刚从外地演出回来，路上听到了很多有趣的故事。",
        },
    ]
    write_lines(folder / "talks.jsonl", [{"session_meta": meta, "messages": turns}])
    write_lines(folder / "test.jsonl", [{"text": "查询余额", "label": "咨询"}, {"text": "转账给他", "label": "转账"}])
    (folder / "script.py").write_text("print(sum(range(10)))\n", "utf-8")
    (folder / "tasks.txt").write_text("Say yes.\n", "utf-8")
    (folder / "topics.txt").write_text("rain\nbread\n", "utf-8")
    pair = {"prompt": "Name a colour.", "a": "Red.", "b": "I do not know."}
    write_lines(folder / "pairs.jsonl", [pair])
    base, tuned = split(gained=12, lost=3, both=20, neither=9)
    for name, passes in (("base", base), ("tuned", tuned), ("tuned-q8", tuned), ("tuned-q4", base)):
        run_folder(folder / name, passes)
    results_file(folder / "main_results.jsonl", base)
    results_file(folder / "branch_results.jsonl", tuned)
