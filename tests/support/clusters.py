"""A real Ray cluster of two cores, on this machine and for one test."""

import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

RAY = Path(sys.executable).with_name("ray")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def started_cluster(log: Path) -> Generator[str]:
    address = f"127.0.0.1:{free_port()}"
    port = address.partition(":")[2]
    command = [RAY, "start", "--head", f"--port={port}", "--num-cpus=2", "--include-dashboard=false", "--block"]
    with log.open("w") as told:
        head = subprocess.Popen([*command, "--disable-usage-stats"], stdout=told, stderr=told)
        try:
            for _ in range(60):
                if subprocess.run([RAY, "status", f"--address={address}"], capture_output=True).returncode == 0:
                    break
                assert head.poll() is None, log.read_text()
            yield address
        finally:
            head.terminate()
            head.wait(60)
