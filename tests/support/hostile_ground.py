"""Where hostile programs run: a workspace, and beside it what they must not reach.

A user's folder with keys and start files, servers that count who connects, a launcher with a secret in its
environment, and ways to see what became of all that.
"""

import base64
import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demiurgic.sandbox.remove import remove_tree

PROGRAMS = Path(__file__).parents[1] / "assistant" / "sandbox" / "hostile_programs"
SECRET = "SECRET-"
ORDINARY = 65529
"""Who owns the ground of programs that nothing confines, where the tests are run by root."""
ANSWER_SECONDS = 120
WATCHED = (Path("/etc/hosts"), Path("/etc/ld.so.preload"), Path("/etc/cron.d"), Path("/usr/local/bin"))
RUNS = b"RUNS\n"


@dataclass(frozen=True)
class Outcome:
    """What the launcher says of a run."""

    status: str
    exit_code: int | None
    signal: int | None
    stdout: bytes
    stderr: bytes
    dropped: int
    enforced: frozenset[str]
    took: float
    grown: int

    @property
    def gains(self) -> list[str]:
        """What the program managed to do, in its own words."""
        return [line for line in self.stdout.decode(errors="replace").splitlines() if line.startswith("GOT ")]


class Launcher:
    """A process that opens sandboxes of one kind."""

    def __init__(self, kind: str, docker_address: str | None) -> None:
        self.kind, self._docker = kind, docker_address
        self._open_secret = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the launcher lives
        self._open_secret.write(SECRET.encode() + b"open-file")
        os.set_inheritable(self._open_secret.fileno(), True)
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment |= {"API_KEY": f"{SECRET}in-the-environment", "PYTHONPATH": str(Path(__file__).parents[1])}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.sandbox_launcher"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            pass_fds=[self._open_secret.fileno()],
        )
        self.pid = self._process.pid

    def open(self, policy: Mapping[str, object]) -> str:
        """Open a sandbox. Returns its warning."""
        return self._ask(do="open", kind=self.kind, policy=policy, docker_address=self._docker)["warning"]

    def run(self, argv: list[str], limits: Mapping[str, object], stdin: bytes = b"") -> Outcome:
        told = self._ask(do="run", argv=argv, stdin=base64.b64encode(stdin).decode(), limits=limits)
        if "error" in told:
            raise AssertionError(f"the sandbox failed: {told['error']}")
        streams = {name: base64.b64decode(told[name][0]) for name in ("stdout", "stderr")}
        assert streams["stdout"].startswith(RUNS), f"it never began: {told['status']} {streams['stderr'][-1000:]!r}"
        streams["stdout"] = streams["stdout"].removeprefix(RUNS)
        dropped = told["stdout"][1] + told["stderr"][1]
        return Outcome(**{**told, **streams, "enforced": frozenset(told["enforced"])}, dropped=dropped)

    def close(self) -> None:
        self._ask(do="close")

    def end(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()
        self._open_secret.close()

    def _ask(self, **order: object) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], ANSWER_SECONDS)[0]:
            self._process.kill()
            raise AssertionError(f"the launcher did not answer {order['do']}")
        line = self._process.stdout.readline()
        assert line, f"the launcher ended with {self._process.poll()}"
        return json.loads(line)


@dataclass
class Ground:
    """One workspace and its surroundings."""

    base: Path
    token: str
    owner: int | None
    heard: list[str] = field(default_factory=list)
    """Which servers somebody connected to."""
    tcp: int = 0
    udp: int = 0

    @property
    def workspace(self) -> Path:
        return self.base / "workspace"

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def socket(self) -> Path:
        return self.base / "agent.sock"

    def facts(self, launcher: Launcher, limits: Mapping[str, object], **more: object) -> dict[str, object]:
        """What a program is told of its surroundings: as much as an attacker might guess."""
        return {
            "home": str(self.home),
            "workspace": str(self.workspace),
            "launcher": launcher.pid,
            "sees_host": launcher.kind in ("process", "landlock"),
            "secret_mark": SECRET,
            "secret_name": "key",
            "token": self.token,
            "tcp": self.tcp,
            "udp": self.udp,
            "socket": str(self.socket),
            "key": int(self.token[-7:], 16),
            **limits,
            **more,
        }

    def prepare(self) -> None:
        """Lay out the workspace and the user's folder."""
        for name in ("workspace/.git/hooks", "workspace/ci/workflows", "workspace/evil", "home/.ssh", "programs"):
            (self.base / name).mkdir(parents=True)
        for name in ("home/.config/browser", "home/site-packages"):
            (self.base / name).mkdir(parents=True)
        for name in (".ssh/id_rsa", ".config/browser/cookies", ".netrc", "key"):
            (self.home / name).write_text(f"{SECRET}{name}\n")
        for name in (".bashrc", ".profile", ".ssh/authorized_keys"):
            (self.home / name).write_text("# as it was\n")
        for path in PROGRAMS.glob("*.py"):
            shutil.copy(path, self.base / "programs")
        self.workspace.joinpath(".env").write_text(f"{SECRET}dot-env\n")
        self.workspace.joinpath(".git", "config").write_text("[core]\n")
        self.workspace.joinpath("out").symlink_to(self.home)
        self.workspace.joinpath("key").symlink_to(self.home / ".ssh" / "id_rsa")
        self.workspace.joinpath("start").symlink_to(self.home / ".bashrc")
        self.base.chmod(0o755)
        if self.owner is not None:
            for path in (self.base, *self.base.rglob("*")):
                os.chown(path, self.owner, self.owner, follow_symlinks=False)

    def picture(self) -> dict[str, object]:
        """All that is not the workspace, to compare later."""
        seen: dict[str, object] = {"names": sorted(path.name for path in self.base.iterdir())}
        for path in (*self.home.rglob("*"), *WATCHED, *(each for folder in WATCHED for each in folder.glob("*"))):
            if path.is_symlink() or not path.exists():
                seen[str(path)] = path.exists()
                continue
            facts = path.stat()
            content = path.read_bytes() if path.is_file() and path.is_relative_to(self.base) else facts.st_size
            seen[str(path)] = (facts.st_mode, facts.st_uid, facts.st_mtime_ns, facts.st_nlink, content)
        return seen

    def protected_picture(self) -> dict[str, bytes]:
        """What of the workspace must be as it was."""
        names = (".git", "ci/workflows")
        files = [path for name in names for path in (self.workspace / name).rglob("*") if path.is_file()]
        kept = {str(path): path.read_bytes() for path in files}
        env = self.workspace / ".env"
        return kept | ({str(env): env.read_bytes()} if env.is_file() else {})

    def survivors(self) -> list[str]:
        """Processes that bear this ground's token, however they were started."""
        found = list[str]()
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit() or int(folder.name) == os.getpid():
                continue
            try:
                marked = self.token.encode() in (folder / "environ").read_bytes()
                state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if marked and state != "Z":
                found.append(folder.name)
        return found

    def await_no_survivors(self, seconds: float = 2.0) -> list[str]:
        until = time.monotonic() + seconds
        while (left := self.survivors()) and time.monotonic() < until:
            time.sleep(0.02)
        return left

    def clear(self) -> None:
        """End what an unconfined program left outside the ground, and remove all."""
        for pid in self.survivors():
            os.kill(int(pid), signal.SIGKILL)
        for folder in ("/tmp", "/dev/shm"):
            for path in Path(folder).glob(f"{self.token}*"):
                path.unlink()
        if self.base.exists():
            remove_tree(self.base)


@contextmanager
def ground(owner: int | None) -> Iterator[Ground]:
    """A ground with its servers running."""
    made = Ground(Path(tempfile.mkdtemp(prefix="hostile-", dir="/var/tmp")), f"token{secrets.token_hex(12)}", owner)
    with ExitStack() as stack:
        stack.callback(made.clear)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        made.tcp, made.udp = tcp.getsockname()[1], udp.getsockname()[1]
        made.prepare()
        path = stack.enter_context(socket.socket(socket.AF_UNIX))
        path.bind(str(made.socket))
        made.socket.chmod(0o777)
        path.listen()
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind(f"\0{made.token}")
        abstract.listen()
        servers = {tcp: "tcp", udp: "udp", path: "socket", abstract: "abstract socket"}
        ended = threading.Event()
        listener = threading.Thread(target=_listen, args=(servers, made.heard, ended))
        listener.start()
        stack.callback(listener.join)
        stack.callback(ended.set)
        yield made


def _listen(servers: Mapping[socket.socket, str], heard: list[str], ended: threading.Event) -> None:
    while not ended.is_set():
        for server in select.select(list(servers), [], [], 0.05)[0]:
            heard.append(servers[server])
            if server.type == socket.SOCK_DGRAM:
                server.recv(100)
            else:
                server.accept()[0].close()
