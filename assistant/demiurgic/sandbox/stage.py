"""How a sandbox that root opens gets rid of root.

Programs of root, even without capabilities, own half of /proc and /dev. So whoever is root runs programs as another
user, in a view of the workspace where that user stands for the workspace's owner: what programs make belongs to the
owner. File systems that cannot map owners show the workspace as it is; programs then run as its owner, and a
workspace of root's is refused.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from demiurgic.errors import SandboxError

_WORKER = Path(__file__).with_name("stage_worker.py")
UNPRIVILEGED = 65530
"""Who runs programs in the place of root. Nothing else on a machine should run as this user."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where folders can be seen, and what a command must be preceded by to see them there. Without a holder they are
    where they are."""

    holder: subprocess.Popen[bytes] | None
    places: Mapping[Path, Path]
    entrance: tuple[str, ...]

    def place(self, path: Path) -> Path:
        """Where a path in one of the folders can be seen; any other is where it is."""
        for folder in sorted(self.places, key=lambda folder: len(folder.parts), reverse=True):
            if path.is_relative_to(folder):
                return self.places[folder] / path.relative_to(folder)
        return path

    def close(self) -> None:
        """Take it down."""
        if self.holder is not None:
            assert self.holder.stdin is not None
            self.holder.stdin.close()
            self.holder.wait()


def open_stage(workspace: Path, others: Sequence[Path]) -> Stage:
    """Nothing at all, unless this process is root's."""
    if os.geteuid() != 0:
        return Stage(None, {}, ())
    folders = list(dict.fromkeys([workspace, *others]))
    holder = subprocess.Popen(
        [sys.executable, "-I", "-S", str(_WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={},
        start_new_session=True,
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    order = {"folders": list(map(str, folders)), "user": UNPRIVILEGED}
    holder.stdin.write(json.dumps(order).encode() + b"\n")
    holder.stdin.flush()
    line = holder.stdout.readline()
    holder.stdout.close()
    answer = cast("dict[str, object]", json.loads(line) if line else {"error": "it ended"})
    owner = workspace.stat()
    if answer["error"] or (not answer["mapped"] and owner.st_uid == 0):
        holder.stdin.close()
        holder.wait()
        raise SandboxError(
            f"root cannot lend {workspace} to an unprivileged user: "
            + str(answer["error"] or "its file system cannot map owners"),
            "start as an ordinary user, or give the workspace to one with chown",
        )
    user, group = (UNPRIVILEGED, UNPRIVILEGED) if answer["mapped"] else (owner.st_uid, owner.st_gid)
    entrance = ("/usr/bin/nsenter", f"--mount=/proc/{holder.pid}/ns/mnt", f"--setuid={user}", f"--setgid={group}")
    return Stage(holder, {folder: Path(f"/mnt/{number}") for number, folder in enumerate(folders)}, entrance)
