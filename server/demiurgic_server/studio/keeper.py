"""Looks after one job: a process of its own, which outlives the page and the server, and writes down how the job ended.

    python -P -m demiurgic_server.studio.keeper FOLDER COMMAND...

Knows nothing of the studio but the names of a job's files. A signal to stop is for the command: the keeper waits.
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from demiurgic_models.files import write_beside

PROCESS, LOG, EXIT, STOPPED = "process.json", "log", "exit", "stopped"
"""A job's files: who runs, what it said, its exit code, and that it was asked to stop."""


def keep(folder: Path, command: list[str]) -> int:
    """Run the command to its end."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=_hear_signals, start_new_session=True
        )
    born = psutil.Process(process.pid).create_time()
    write_beside(folder / PROCESS, json.dumps({"pid": process.pid, "born": born}))
    if (folder / STOPPED).exists():  # before anybody could know whom to stop
        process.terminate()
    code = process.wait()
    with suppress(ProcessLookupError):  # helpers that it left behind
        os.killpg(process.pid, signal.SIGKILL)
    write_beside(folder / EXIT, str(code))
    return 0


def _hear_signals() -> None:
    """What is ignored here would be ignored in the command, too."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(keep(Path(sys.argv[1]), sys.argv[2:]))
