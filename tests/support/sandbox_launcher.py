"""The program that opens sandboxes for hostile programs: a process of its own, with secrets to steal.

It reads orders from stdin, one JSON object a line, and answers each with one: `open` a sandbox of a kind for a policy,
`run` a program in it, `close` it.
"""

import base64
import json
import sys
import time
from pathlib import Path
from typing import Any

from demiurgic.errors import SandboxError
from demiurgic.sandbox.choose import backend
from demiurgic.sandbox.docker.backend import DockerBackend
from demiurgic.sandbox.protocol import Captured, Command, Limits, Policy, Sandbox


class Launcher:
    def __init__(self) -> None:
        self._sandbox: Sandbox | None = None

    def open(self, kind: str, policy: dict[str, Any], docker_address: str | None) -> dict[str, Any]:
        wanted = Policy(
            workspace=Path(policy["workspace"]),
            readable=tuple(map(Path, policy["readable"])),
            protected=tuple(policy["protected"]),
            hidden=tuple(policy["hidden"]),
            environment=policy["environment"],
        )
        self._sandbox = (DockerBackend(docker_address) if docker_address else backend(kind)).open(wanted)
        return {"warning": self._sandbox.warning}

    def run(self, argv: list[str], stdin: str, limits: dict[str, Any]) -> dict[str, Any]:
        assert self._sandbox is not None
        before, started = _memory("VmRSS"), time.monotonic()
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        result = self._sandbox.run(Command(tuple(argv), base64.b64decode(stdin), limits=Limits(**limits)))
        return {
            "status": result.status,
            "exit_code": result.exit_code,
            "signal": result.signal,
            "stdout": _captured(result.stdout),
            "stderr": _captured(result.stderr),
            "enforced": sorted(result.enforced),
            "took": time.monotonic() - started,
            "grown": _memory("VmHWM") - before,
        }

    def close(self) -> dict[str, Any]:
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None
        return {}


def _captured(captured: Captured) -> list[object]:
    return [base64.b64encode(captured.head + captured.tail).decode(), captured.dropped]


def _memory(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name))


def main() -> None:
    launcher = Launcher()
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(launcher, order.pop("do"))(**order)
        except SandboxError as error:
            answer = {"error": f"{error} {error.hint}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    launcher.close()


if __name__ == "__main__":
    main()
