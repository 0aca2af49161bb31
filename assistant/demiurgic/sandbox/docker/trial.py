"""A first run in a sandbox that shows whether it keeps what it promises."""

import os
import secrets
from pathlib import Path

from demiurgic.sandbox.protocol import Command, Limits, Sandbox, Status

_LIMITS = Limits(wall=20, cpu=20, memory=256 << 20, processes=32)
_PROGRAM = """
import os, socket, sys
held = []
def refused(what, attempt):
    try:
        attempt()
    except (OSError, PermissionError):
        return
    held.append(what)
refused("it writes outside the workspace", lambda: open("/etc/demiurgic-trial", "w"))
refused("it reads the machine's files", lambda: open(sys.argv[2]).read())
refused("it reaches the network", lambda: socket.create_connection(("192.0.2.1", 9), 0.5))
refused("it signals this program", lambda: os.kill(int(sys.argv[3]), 0))
refused("it makes a device", lambda: os.mknod("device", 0o20666, os.makedev(1, 1)))
refused("it becomes another user", lambda: os.setuid(os.getuid() + 1))
if int(open("/proc/self/status").read().split("CapEff:")[1].split()[0], 16):
    held.append("it holds privileges")
open("trial", "w").write(sys.argv[1])
print("; ".join(held))
"""


def try_out(sandbox: Sandbox, workspace: Path) -> str:
    """What is wrong with a sandbox that was opened for an empty folder; empty if nothing is."""
    word = secrets.token_hex(8)
    secret = workspace.with_name(workspace.name + "-outside")
    secret.write_text(word)
    try:
        argv = ("python3", "-I", "-c", _PROGRAM, word, str(secret), str(os.getpid()))
        result = sandbox.run(Command(argv, limits=_LIMITS))
    finally:
        secret.unlink()
    if result.status is not Status.OK:
        return f"a program did not run in it: {result.status}: {result.stderr.text().strip()[-500:]}"
    written = workspace / "trial"
    if not written.is_file() or written.read_text() != word:
        return "what a program writes does not come to the workspace"
    if written.stat().st_uid != workspace.stat().st_uid:
        return "what a program writes does not belong to the workspace's owner"
    return result.stdout.text().strip()
