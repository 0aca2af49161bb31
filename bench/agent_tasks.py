"""Four small tasks, each in a fresh repository, with one loaded model: how many of the seeds end well.

Run as `python -m bench.agent_tasks [MODEL [SEEDS]]`. A task ends well if the repository is then as it was asked for, or
the answer says what the file holds. Calls that could not be read are counted beside.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass, replace
from functools import cache
from io import StringIO
from pathlib import Path

from demiurgic.agent.events import Answer, ApprovalAsked, TurnEnded
from demiurgic.chat.local import LocalChat
from demiurgic.chat.protocol import ReplyOptions
from demiurgic.compose.chat import open_chat
from demiurgic.compose.desk import DeskOptions, open_desk
from demiurgic.config import load_settings
from demiurgic.engine.protocol import Engine
from demiurgic.events import CallFinished, CallRejected, PromptProgress

HEAT = 0.3


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    files: dict[str, str]
    prompt: str
    check: Callable[[Path, str], bool]


def ran(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    program = ["timeout", "60", sys.executable, *command]
    return subprocess.run(program, cwd=folder, capture_output=True, text=True, check=False)


def prints(folder: Path, said: str) -> bool:
    done = ran(folder, "squares.py")
    return done.returncode == 0 and done.stdout.split() == [str(number * number) for number in range(1, 11)]


def passes(folder: Path, said: str) -> bool:
    tests = (folder / "test_stats.py").read_text()
    return tests == STATS["test_stats.py"] and ran(folder, "-m", "pytest", "-q").returncode == 0


def renamed(folder: Path, said: str) -> bool:
    text = "".join((folder / name).read_text() for name in SHOP)
    return "total_price" not in text and text.count("order_total") >= 5 and ran(folder, "main.py").stdout == "30\n"


STATS = {
    "stats.py": "def mean(values):\n    return sum(values) / (len(values) - 1)\n\n\ndef largest(values):\n    return max(values)\n",
    "test_stats.py": "from stats import largest, mean\n\n\ndef test_mean():\n    assert mean([1, 2, 3]) == 2\n\n\n"
    "def test_largest():\n    assert largest([3, 9, 4]) == 9\n",
}
SHOP = {
    "cart.py": "def total_price(items):\n    return sum(price for _, price in items)\n",
    "report.py": 'from cart import total_price\n\n\ndef line(items):\n    return f"total: {total_price(items)}"\n',
    "main.py": "from cart import total_price\n\nprint(total_price([('a', 10), ('b', 20)]))\n",
}
CONFIG = {"config.ini": "[server]\nhost = example.org\nport = 8471\ntimeout = 30\n", "README.md": "# A server\n"}

TASKS = (
    Task("create", {}, "Create squares.py. When run, it prints the squares of 1 to 10, one a line. Run it.", prints),
    Task(
        "fix",
        STATS,
        "A test in test_stats.py fails. Find the bug in stats.py and fix it. Do not change the test.",
        passes,
    ),
    Task("rename", SHOP, "Rename the function total_price to order_total in cart.py, report.py and main.py.", renamed),
    Task("answer", CONFIG, "Which port does the server use? Look in config.ini.", lambda _, said: "8471" in said),
)


class Nobody:
    def ask(self, question: ApprovalAsked) -> Answer:
        return Answer("deny")


class Kept:
    """An engine that stays open for the next task."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    def close(self) -> None:
        pass


@cache
def opened(model: str) -> LocalChat:
    settings = load_settings(Path.cwd(), {"model": model, "context": 8192})
    chat = open_chat(replace(settings, temperature=HEAT, disk_cache=0))
    return chat.over(Kept(chat.engine))


def tried(task: Task, model: str, seed: int) -> tuple[bool, int, int, float]:
    """Whether it ended well, calls, broken calls, seconds."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "project"
        folder.mkdir()
        for name, text in task.files.items():
            (folder / name).write_text(text)
        settings = load_settings(folder, {"model": model, "approve": "all", "context": 8192})
        settings = replace(settings, state_dir=Path(place) / "state")
        options = DeskOptions(wishes=ReplyOptions(seed=seed))
        desk = open_desk(settings, folder, Nobody(), options, lambda _, name: opened(name))
        started, events = time.perf_counter(), []
        try:
            for event in desk.say(task.prompt):
                if not isinstance(event, PromptProgress):
                    events.append(event)
        finally:
            desk.close()
        end = events[-1]
        assert isinstance(end, TurnEnded)
        said = end.message.text
        calls, broken = (sum(isinstance(event, kind) for event in events) for kind in (CallFinished, CallRejected))
        return task.check(folder, said), calls, broken, time.perf_counter() - started


def main() -> None:
    model = sys.argv[1] if len(sys.argv) > 1 else "qwen2.5-coder-1.5b"
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    for task in TASKS:
        with redirect_stderr(StringIO()):
            opened(model)
            seen = [tried(task, model, seed) for seed in range(seeds)]
        well, calls, broken = (sum(one[place] for one in seen) for place in range(3))
        times = ", ".join(f"{one[3]:.0f}" for one in seen)
        print(f"{task.name:<8}{well} of {seeds} well; {calls} calls, {broken} broken; seconds: {times}", flush=True)


if __name__ == "__main__":
    main()
