"""Finding out whether a sandbox holds on this machine, by trying to get out of it.

A program must run and write where it may; and what the sandbox claims to refuse must be refused: reading a secret
beside the workspace, writing beside it, reaching a server on this machine, reading this process's environment, and
system calls of the forbidden kind. That proves the common ways shut, and says nothing of uncommon ones.
"""

import contextlib
import json
import os
import secrets
import socket
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import cast

from demiurgic.errors import SandboxError
from demiurgic.sandbox.protocol import Command, Guard, Limits, Policy, Probe, Sandbox, Status
from demiurgic.sandbox.strays import name_prefix

_LIMITS = Limits(wall=20, cpu=20, memory=512 << 20, processes=32)

_TRIES = """
import ctypes, json, os, socket, sys
beside, port, parent, name = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
def reads(path):
    with open(path, "rb") as file:
        return bool(file.read())
def writes(path):
    with open(path, "w") as file:
        return bool(file.write("x"))
def connects():
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
def connects_by_name():
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\\0" + name)
        return True
def traces():
    return ctypes.CDLL(None).ptrace(0, 0, 0, 0) == 0
def tried(attempt, *arguments):
    try:
        return attempt(*arguments)
    except OSError:
        return False
print(json.dumps({
    "works": tried(writes, "written"),
    "wrote": tried(writes, beside + "/new"),  # perhaps to a folder that only the sandbox sees
    "files": tried(reads, beside + "/secret"),
    "network": tried(connects) or tried(connects_by_name),
    "secrets": tried(reads, "/proc/" + parent + "/environ"),
    "syscalls": tried(traces),
}))
"""

_GUARDS = {
    "files": Guard.FILES,
    "network": Guard.NETWORK,
    "secrets": Guard.SECRETS,
    "syscalls": Guard.SYSCALLS,
}


def probe(open_sandbox: Callable[[Policy], Sandbox]) -> Probe:
    """Open a sandbox and try it."""
    with tempfile.TemporaryDirectory(prefix=name_prefix("probe")) as name, _listening() as (port, door):
        beside = Path(name)
        workspace = beside / "workspace"
        workspace.mkdir()
        (beside / "secret").write_text("secret")
        try:
            return _tried(open_sandbox, workspace, (str(beside), str(port), str(os.getpid()), door))
        except SandboxError as error:
            return Probe(False, reason=error.message, hint=error.hint)


def _tried(open_sandbox: Callable[[Policy], Sandbox], workspace: Path, arguments: tuple[str, ...]) -> Probe:
    with contextlib.closing(open_sandbox(Policy(workspace))) as sandbox:
        result = sandbox.run(Command(("python3", "-I", "-c", _TRIES, *arguments), limits=_LIMITS))
    if result.status is not Status.OK:
        said = result.stderr.text().strip().splitlines()
        return Probe(False, reason=f"a program did not run in it ({result.status}): {said[-1] if said else 'silence'}")
    found = cast("dict[str, bool]", json.loads(result.stdout.text()))
    if not found["works"] or not (workspace / "written").exists():
        return Probe(False, reason="a program could not write to the workspace")
    found["files"] |= (workspace.parent / "new").exists()
    broken = [name for name, guard in _GUARDS.items() if found[name] and guard in result.enforced]
    if broken:
        return Probe(False, reason=f"it does not keep what it promises: {', '.join(broken)}")
    return Probe(True, result.enforced)


@contextlib.contextmanager
def _listening() -> Generator[tuple[int, str], None, None]:
    """A server on this machine's own address, and one with a name in the abstract space."""
    door = f"demiurgic-probe-{secrets.token_hex(8)}"
    with socket.create_server(("127.0.0.1", 0)) as by_port, socket.socket(socket.AF_UNIX) as by_name:
        by_name.bind(f"\0{door}")
        by_name.listen()
        yield by_port.getsockname()[1], door
