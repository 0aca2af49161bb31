"""`demiurgic data …` as its users meet it: processes, exit codes, keys in the environment."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = [sys.executable, "-m", "demiurgic", "data"]


def environment(folder: Path, **more: str) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    return {
        **mine,
        "DEMIURGIC_CONFIG": str(folder / "none.toml"),
        "DEMIURGIC_STATE_DIR": str(folder / "state"),
        "DEMIURGIC_DISK_CACHE": "0",
        **more,
    }


def data(folder: Path, *arguments: object, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment(folder, **more),
        timeout=300,
        check=False,
    )


def begun(folder: Path, *arguments: object, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment(folder, **more),
    )
