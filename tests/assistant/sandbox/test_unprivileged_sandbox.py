"""The same sandboxes for an ordinary user: no control groups, nobody else's rights. Root's tests start one for it."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.sandboxes import LOCAL, long_time, running, said, soon_running

import demiurgic
import demiurgic_models
from demiurgic.sandbox.bubblewrap import BubblewrapSandbox
from demiurgic.sandbox.protocol import Command, Guard, Policy
from demiurgic.sandbox.stage import UNPRIVILEGED

ORDINARY = 65528

SCRIPT = """
import json, sys
from pathlib import Path
from demiurgic.sandbox.backends import BUBBLEWRAP, LANDLOCK, PROCESS
from demiurgic.sandbox.protocol import Command, Limits, Policy
kind, workspace = sys.argv[1], Path(sys.argv[2])
backend = {"bubblewrap": BUBBLEWRAP, "landlock": LANDLOCK, "process": PROCESS}[kind]
sandbox = backend.open(Policy(workspace))
def run(script, **limits):
    result = sandbox.run(Command(("sh", "-c", script), limits=Limits(**{"wall": 60, **limits})))
    return {"status": result.status, "out": result.stdout.text(), "err": result.stderr.text()}
fork = "import os, time\\nfor n in range(150):\\n  if not os.fork(): time.sleep(20); os._exit(0)\\n"
eat = "import os, time\\nfor n in range(8):\\n  if not os.fork(): x = b'x' * (100 << 20); time.sleep(30); exit()\\n"
kernel = sandbox.kernel()
print(json.dumps({
    "warning": sandbox.warning,
    "enforced": sorted(sandbox.run(Command(("true",))).enforced),
    "id": run("id -u; umask; touch made; grep CapEff /proc/self/status"),
    "forks": run(f'python3 -c "{fork}" 2>&1', processes=20),
    "eaten": run(f'python3 -c "{eat}os.wait()"', memory=300 << 20),
    "glutton": run("python3 -c 'x = bytearray(1 << 30)' 2>&1 | tail -1", memory=200 << 20),
    "environ": run("cat /proc/*/environ"),
    "survivor": run(f"(setsid sleep {sys.argv[3]} >/dev/null 2>&1 &); echo done"),
    "cell": kernel.cell("1 + 1").value,
    "late": kernel.cell("while True: pass", wall=0.5).status,
    "probe": backend.probe().reason,
}))
sandbox.close()
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that an ordinary user can read, with a copy of the program in it."""
    place = Path(tempfile.mkdtemp(prefix="ordinary-", dir="/var/tmp"))
    place.chmod(0o755)
    for package in (demiurgic, demiurgic_models):
        assert package.__file__ is not None
        source = Path(package.__file__).parent
        shutil.copytree(source, place / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    (place / "script.py").write_text(SCRIPT)
    yield place
    shutil.rmtree(place)


def interpreter(user: int) -> str:
    """A Python that this user can start."""
    for candidate in (sys.executable, "/usr/bin/python3"):
        found = subprocess.run([candidate, "-c", ""], user=user, group=user, extra_groups=[], check=False, stderr=-1)
        if found.returncode == 0:
            return candidate
    raise AssertionError("an ordinary user finds no Python")


def told(kind: str, place: Path) -> dict[str, Any]:
    workspace = place / f"workspace-{kind}"
    workspace.mkdir()
    becoming: dict[str, Any] = {}
    python = sys.executable
    if os.geteuid() == 0:
        os.chown(workspace, ORDINARY, ORDINARY)
        becoming = {"user": ORDINARY, "group": ORDINARY, "extra_groups": []}
        try:
            python = interpreter(ORDINARY)
        except PermissionError:
            python = "/usr/bin/python3"
    environment = {"PYTHONPATH": str(place), "API_KEY": "SECRET", "PATH": "/usr/bin:/bin", "TMPDIR": "/var/tmp"}
    seconds = long_time()
    command = [python, "-B", str(place / "script.py"), kind, str(workspace), seconds]
    done = subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True, check=False, **becoming)
    assert done.returncode == 0, done.stderr
    assert (workspace / "made").stat().st_uid == (ORDINARY if becoming else os.geteuid())
    return {**json.loads(done.stdout), "seconds": seconds}


@pytest.mark.parametrize("kind", sorted(LOCAL))
def test_an_ordinary_user_s_sandbox(place: Path, kind: str) -> None:
    facts = told(kind, place)
    assert facts["probe"] == ""
    assert facts["id"]["out"].splitlines()[0] == ("1000" if kind == "bubblewrap" else str(ORDINARY))
    if kind != "landlock":  # which shows no /proc
        assert facts["id"]["out"].splitlines()[2] == "CapEff:\t0000000000000000"
    assert "BlockingIOError" in facts["forks"]["out"]
    assert "processes" in facts["enforced"]
    assert facts["glutton"]["out"] == "MemoryError\n"
    assert facts["eaten"]["status"] == "memory_limit"  # by watching: no limit is claimed
    assert "memory_total" not in facts["enforced"]
    assert ("SECRET" in facts["environ"]["out"]) == (kind == "process")
    assert ("secrets" in facts["enforced"]) == ("files" in facts["enforced"]) == (kind != "process")
    assert facts["survivor"]["out"] == "done\n"
    assert not running("sleep", facts["seconds"])
    assert (facts["cell"], facts["late"]) == ("2", "interrupted")
    assert facts["warning"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can lend its rights")
@pytest.mark.parametrize("owner", [0, 12345])
def test_root_runs_nothing_as_root(tmp_path: Path, owner: int) -> None:
    os.chown(tmp_path, owner, owner)
    (tmp_path / "script").write_text("x")
    os.chown(tmp_path / "script", owner, owner)
    sandbox = BubblewrapSandbox(Policy(tmp_path))
    attempts = "echo core_changed > /proc/sys/kernel/domainname; chmod 600 /dev/full; cat /etc/shadow"
    seen = sandbox.run(
        Command(("sh", "-c", f"echo x >> script; mkdir d; touch d/f; stat -c %u script d/f; {attempts}"))
    )
    assert seen.stdout.text().splitlines() == ["1000", "1000"], said(seen)
    assert {path.stat().st_uid for path in (tmp_path / "script", tmp_path / "d", tmp_path / "d" / "f")} == {owner}
    assert Path("/dev/full").stat().st_mode & 0o777 == 0o666
    assert Path("/proc/sys/kernel/domainname").read_text().strip() != "core_changed"
    assert Guard.PROCESSES in seen.enforced
    seconds = long_time()
    cell = sandbox.kernel().cell(f"import subprocess; child = subprocess.Popen(['sleep', '{seconds}'])")
    users = [Path("/proc", str(process)).stat().st_uid for process in soon_running("sleep", seconds)]
    sandbox.close()
    assert users == [UNPRIVILEGED], cell
