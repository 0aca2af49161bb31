"""A session that is killed at any moment: what was shown is found again, and undoing brings back every byte."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.desks import desk, scripted

from demiurgic.agent.events import ToolFinished

CHILD = Path(__file__).parents[2] / "support" / "desk_child.py"
KILLS = 50


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def killed(folder: Path, state: Path, after: float) -> list[str]:
    """Start the child, kill it so long after its session began, and return what it had said."""
    child = subprocess.Popen(
        [sys.executable, str(CHILD), str(folder), str(state)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None
    lines = [child.stdout.readline()]
    time.sleep(after)
    child.kill()
    lines += child.stdout.readlines()
    child.stdout.close()
    child.wait()
    return [line.strip() for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
def test_killed_at_random_moments(tmp_path: Path, part: int):
    dice = random.Random(part)
    for number in range(KILLS // 5):
        folder, state = tmp_path / f"{number}" / "project", tmp_path / f"{number}" / "state"
        (folder / "src").mkdir(parents=True)
        (folder / "src" / "0.txt").write_bytes(b"the user's own\r\n\xff")
        (folder / ".gitignore").write_text("*.log\n")
        before = contents(folder)
        first, *said = killed(folder, state, dice.uniform(0, 1.5))
        name = first.split()[1]
        again = desk(folder, state, scripted(), name)
        found = {event.call_id for event in again.session.events() if isinstance(event, ToolFinished)}
        shown = {line.split()[1] for line in said if line.startswith("shown")}
        assert shown <= found
        if again.session.history.head:
            again.undo()
        assert contents(folder) == before
        again.close()
