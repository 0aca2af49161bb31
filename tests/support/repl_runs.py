"""Starting the scripted REPL in a project folder of its own."""

import json
import os
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("repl_program.py")
CALC = "def add(a, b):\n    return a - b\n\n\ndef mul(a, b):\n    return a * b\n"


class ReplRun:
    """A project, and the command and environment that open a REPL in it."""

    def __init__(self, home: Path, script: dict) -> None:
        self.folder = home / "project"
        self.folder.mkdir(exist_ok=True)
        (self.folder / "calc.py").write_text(CALC)
        (home / "script.json").write_text(json.dumps(script))
        self.command = [sys.executable, str(PROGRAM), str(home / "script.json")]
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(PROGRAM.parents[1]),
            "DEMIURGIC_STATE_DIR": str(home / "state"),
            "DEMIURGIC_CONFIG": str(home / "none.toml"),
        }


MENDS_ADD = {
    "replies": [
        {
            "reasoning": "The user wants add to be mended.",
            "text": "I look at **calc.py** first.",
            "calls": [["read", {"path": "calc.py"}]],
        },
        {"calls": [["edit", {"path": "calc.py", "old": "    return a - b", "new": "    return a + b  # mended"}]]},
        {"calls": [["shell", {"command": "seq 1 9; python3 -B -c 'import calc; print(calc.add(1, 2))'"}]]},
        {
            "text": "## Done\n\n`add` now **adds**. What I did:\n\n1. read `calc.py`,\n2. replaced the minus by a plus,"
            " which is a very small change that needs many words to be described well,\n3. ran it.\n\n```python\n"
            'def add(a, b):\n    """Sum."""\n    return a + b  # mended\n```\n\n| name | what |\n|------|-----:|\n'
            "| add  | sum  |\n| mul  | product |\n\n> All is *well*.\n"
        },
    ]
}
