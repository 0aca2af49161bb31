"""Containers on a real engine: what stays warm, what is thrown away, whose files are whose, and what is left behind."""

import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from demiurgic.errors import SandboxError
from demiurgic.sandbox.docker.backend import DockerBackend
from demiurgic.sandbox.docker.engine import LABEL, Engine
from demiurgic.sandbox.docker.host_files import write_root
from demiurgic.sandbox.docker.image import image_name
from demiurgic.sandbox.docker.pool import OWNER
from demiurgic.sandbox.docker.sandbox import DockerSandbox
from demiurgic.sandbox.protocol import CellStatus, Command, Guard, Limits, Policy, Result, Status

NOBODY = 65534


@pytest.fixture
def backend(docker_address: str) -> DockerBackend:
    return DockerBackend(docker_address)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def sandbox(backend: DockerBackend, workspace: Path) -> Iterator[DockerSandbox]:
    opened = backend.open(Policy(workspace))
    yield opened
    opened.close()


@pytest.fixture
def engine(docker_address: str) -> Iterator[docker.APIClient]:
    client = docker.APIClient(base_url=docker_address)
    yield client
    client.close()


def shell(sandbox: DockerSandbox, script: str, **limits) -> Result:
    return sandbox.run(Command(("sh", "-c", script), limits=Limits(**limits)))


def python(sandbox: DockerSandbox, code: str, **limits) -> Result:
    return sandbox.run(Command(("python3", "-I", "-c", code), limits=Limits(**limits)))


def container_of(sandbox: DockerSandbox) -> str:
    """An unset host name is the beginning of the container's number."""
    return shell(sandbox, "cat /proc/sys/kernel/hostname").stdout.text().strip()


def containers(engine: docker.APIClient) -> list[dict]:
    return engine.containers(all=True, filters={"label": LABEL})


def test_the_probe_really_runs_a_container(backend: DockerBackend, engine: docker.APIClient) -> None:
    probe = backend.probe()
    assert probe.works, probe.reason
    assert probe.enforced == frozenset(Guard)
    assert containers(engine) == []


def test_a_probe_without_an_engine_says_what_is_missing(tmp_path: Path) -> None:
    probe = DockerBackend(f"unix://{tmp_path}/none.sock").probe()
    assert not probe.works
    assert not probe.enforced
    assert "no Docker engine answers" in probe.reason
    assert "start Docker" in probe.hint


def test_an_engine_of_another_machine_is_refused() -> None:
    with pytest.raises(SandboxError, match="not of this machine"):
        DockerBackend("tcp://192.0.2.1:2375").open(Policy(Path.cwd()))


def test_without_its_image_a_sandbox_says_how_to_build_it(
    backend: DockerBackend, engine: docker.APIClient, workspace: Path
) -> None:
    engine.tag(image_name(), "kept", "aside")
    engine.remove_image(image_name())
    try:
        with pytest.raises(SandboxError, match="has no image") as refused:
            backend.open(Policy(workspace))
        assert "demiurgic doctor" in refused.value.hint
    finally:
        engine.tag("kept:aside", *image_name().split(":"))


def test_this_machine_s_own_files_make_a_system_that_works(sandbox: DockerSandbox) -> None:
    script = (
        "set -e; git init -q repository; cd repository; echo x > file; git add file; git status --short; "
        "git -c user.name=n -c user.email=e commit -qm first; git log --format=%s; "
        "printf 'all:\\n\\t@echo made\\n' | make -f -; "
        "python3 -c 'import ctypes, lzma, sqlite3, ssl, multiprocessing; print(multiprocessing.Lock() is not None)'"
    )
    result = shell(sandbox, script)
    assert result.stdout.text().splitlines() == ["A  file", "first", "made", "True"], result.stderr.text()


def test_nothing_of_the_user_s_is_in_the_image(tmp_path: Path) -> None:
    write_root(tmp_path / "root.tar")
    with tarfile.open(tmp_path / "root.tar") as archive:
        members = archive.getmembers()
    names = [member.name for member in members]
    assert len(names) == len(set(names))
    assert "usr/bin/python3" in names
    assert not [name for name in names if "site-packages" in name or "dist-packages" in name]
    assert {name for name in names if name.startswith("etc/")} <= {"etc/passwd", "etc/group", "etc/ld.so.cache"}
    assert all(member.uid == 0 and member.mode & 0o6022 == 0 for member in members if not member.issym())


def test_one_container_serves_run_after_run(sandbox: DockerSandbox) -> None:
    assert container_of(sandbox) == container_of(sandbox)


def test_a_container_that_is_not_as_before_is_not_used_again(sandbox: DockerSandbox) -> None:
    before = container_of(sandbox)
    left = python(sandbox, "import ctypes; print(ctypes.CDLL(None).shmget(77, 4096, 0o1666))")
    assert int(left.stdout.text()) >= 0
    assert container_of(sandbox) != before
    listed = shell(sandbox, "wc -l < /proc/sysvipc/shm")
    assert listed.stdout.text().strip() == "1"


def test_temporary_files_are_gone_for_the_next_run(sandbox: DockerSandbox) -> None:
    before = container_of(sandbox)
    made = shell(sandbox, "mkdir -p /tmp/a/b && echo x > /tmp/a/b/c && ln -s /etc /tmp/a/d && echo y > /dev/shm/e")
    assert made.status is Status.OK, made.stderr.text()
    assert shell(sandbox, "find /tmp /dev/shm -mindepth 1 -type f").stdout.text() == ""
    assert container_of(sandbox) == before


def test_deep_folders_and_closed_ones_cost_the_container(sandbox: DockerSandbox) -> None:
    before = container_of(sandbox)
    python(sandbox, "import os\nos.chdir('/tmp')\nfor _ in range(3000): os.mkdir('d'); os.chdir('d')")
    assert shell(sandbox, "ls -A /tmp/d").exit_code != 0
    assert container_of(sandbox) != before


def test_limits_of_the_kernel_come_with_the_command(sandbox: DockerSandbox) -> None:
    code = "import resource as r; print(*(r.getrlimit(x)[0] for x in (r.RLIMIT_CPU, r.RLIMIT_FSIZE, r.RLIMIT_NOFILE)))"
    result = python(sandbox, code, cpu=7, file_size=1 << 20, open_files=33)
    assert result.stdout.text().split() == ["7", str(1 << 20), "33"]


def test_a_container_is_used_again_only_for_the_limits_that_it_was_made_with(sandbox: DockerSandbox) -> None:
    code = (
        "import os, time\ncount = 0\ntry:\n  for _ in range(60):\n    if os.fork() == 0: time.sleep(30); os._exit(0)\n"
        "    count += 1\nexcept OSError: pass\nprint(count)"
    )
    assert [int(python(sandbox, code, processes=number).stdout.text()) for number in (40, 8, 20)] == [39, 7, 19]


def test_a_daemon_ends_with_its_run(sandbox: DockerSandbox) -> None:
    before = container_of(sandbox)
    daemon = "trap '' TERM HUP; echo > up; sleep 300"
    wait = "while [ ! -e up ]; do sleep 0.05; done"
    left = shell(sandbox, f'(setsid sh -c "{daemon}" > /dev/null 2>&1 &); {wait}', wall=20)
    assert left.status is Status.OK
    assert left.wall < 5
    assert shell(sandbox, "cat /proc/[0-9]*/comm | grep -c sleep").stdout.text().strip() == "0"
    assert container_of(sandbox) == before


def test_processor_time_is_limited(sandbox: DockerSandbox) -> None:
    result = python(sandbox, "while True: pass", cpu=1, wall=20)
    assert result.status is Status.CPU_LIMIT
    assert 0.5 < result.cpu < 4


def test_memory_of_all_processes_together_is_limited(sandbox: DockerSandbox) -> None:
    eat = (
        "import os, time\nfor _ in range(4):\n  if os.fork() == 0: x = b'x' * (100 << 20); time.sleep(5); os._exit(0)\n"
    )
    result = python(sandbox, eat + "print([os.wait()[1] for _ in range(4)]); raise SystemExit(1)", memory=256 << 20)
    assert result.status is Status.MEMORY_LIMIT


def test_the_first_process_may_be_what_does_not_fit(sandbox: DockerSandbox) -> None:
    """A program that makes itself the last to be killed takes its container along; that is its own end, not ours."""
    code = (
        "import os, time\nopen('/proc/self/oom_score_adj', 'w').write('0')\n"
        "for _ in range(200):\n  if os.fork() == 0: x = b'x' * (2 << 20); time.sleep(9); os._exit(0)\ntime.sleep(9)"
    )
    result = python(sandbox, code, memory=96 << 20, wall=8)
    assert result.status in (Status.MEMORY_LIMIT, Status.FAILED, Status.TIMEOUT)
    assert shell(sandbox, "echo on").stdout.text() == "on\n"


def test_a_run_can_be_cancelled_and_followed(sandbox: DockerSandbox) -> None:
    cancel, seen = threading.Event(), list[tuple[str, bytes]]()

    def heard(stream: str, data: bytes) -> None:
        seen.append((stream, data))
        cancel.set()

    result = sandbox.run(Command(("sh", "-c", "echo here >&2; sleep 60")), heard, cancel)
    assert result.status is Status.CANCELLED
    assert seen == [("stderr", b"here\n")]
    assert result.wall < 10


def test_runs_at_once_do_not_meet(sandbox: DockerSandbox) -> None:
    results = dict[int, Result]()
    script = "cat /proc/[0-9]*/comm | grep -c sleep; sleep 1; cat /proc/[0-9]*/comm | grep -c sleep; ls /tmp"

    def work(number: int) -> None:
        results[number] = shell(sandbox, f"{script}; touch /tmp/{number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results.values():
        assert result.stdout.text().split()[:2] == ["0", "0"], result


def test_a_batch_comes_in_order(sandbox: DockerSandbox) -> None:
    commands = [Command(("sh", "-c", f"sleep 0.{9 - number}; echo {number}")) for number in range(6)]
    assert [result.stdout.text().strip() for result in sandbox.batch(commands)] == list("012345")


def test_files_belong_to_whom_the_workspace_belongs(backend: DockerBackend, workspace: Path) -> None:
    os.chown(workspace, NOBODY, NOBODY)
    sandbox = backend.open(Policy(workspace))
    try:
        assert shell(sandbox, "id -u; touch made").stdout.text().strip() == str(NOBODY)
    finally:
        sandbox.close()
    assert (workspace / "made").stat().st_uid == NOBODY


def test_a_hidden_file_that_was_replaced_is_hidden_still(sandbox: DockerSandbox, workspace: Path) -> None:
    secret = workspace / ".env"
    secret.write_text("FIRST")
    assert shell(sandbox, "cat .env").stdout.text() == ""
    beside = workspace / ".env.new"
    beside.write_text("SECOND")
    beside.replace(secret)
    assert "SECOND" not in shell(sandbox, "cat .env").stdout.text()
    assert secret.read_text() == "SECOND"


def test_a_hidden_file_that_takes_the_number_of_the_old_one_is_hidden(sandbox: DockerSandbox, workspace: Path) -> None:
    """File systems give numbers away again at once: only the mount itself tells that it is gone."""
    secret = workspace / ".env"
    for word in ("FIRST", "SECOND", "THIRD"):
        secret.unlink(missing_ok=True)
        secret.write_text(word)
        assert word not in shell(sandbox, "cat .env").stdout.text()


def test_a_protected_folder_cannot_be_moved_with_its_parent(backend: DockerBackend, workspace: Path) -> None:
    (workspace / "ci" / "workflows").mkdir(parents=True)
    sandbox = backend.open(Policy(workspace, protected=("ci/workflows",)))
    try:
        moved = shell(sandbox, "touch ci/other; mv ci elsewhere; mkdir -p ci/workflows; echo bad > ci/workflows/bad")
        assert moved.status is not Status.OK
    finally:
        sandbox.close()
    assert not (workspace / "ci" / "workflows" / "bad").exists()
    assert (workspace / "ci" / "other").exists()


def test_the_stand_in_for_a_protected_folder_goes_with_the_sandbox(backend: DockerBackend, workspace: Path) -> None:
    sandbox = backend.open(Policy(workspace))
    assert shell(sandbox, "touch .git/HEAD").status is Status.FAILED
    sandbox.close()
    assert list(workspace.iterdir()) == []


def test_a_read_only_workspace_is(backend: DockerBackend, workspace: Path) -> None:
    (workspace / "here").write_text("x")
    sandbox = backend.open(Policy(workspace, writable=False))
    try:
        assert "Read-only" in shell(sandbox, "echo y > here").stderr.text()
    finally:
        sandbox.close()


def test_readable_folders_are_seen_and_no_more(backend: DockerBackend, workspace: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "word").write_text("x")
    (tmp_path / "other").write_text("y")
    sandbox = backend.open(Policy(workspace, readable=(tools,)))
    try:
        result = shell(sandbox, f"cat {tools}/word; echo z > {tools}/word; cat {tmp_path}/other")
    finally:
        sandbox.close()
    assert result.stdout.text() == "x"
    assert (tools / "word").read_text() == "x"


@pytest.mark.parametrize("folder", ["/", "/usr", "/tmp", "/etc"])
def test_the_system_is_no_workspace(backend: DockerBackend, folder: str) -> None:
    with pytest.raises(SandboxError, match="cannot be a workspace"):
        backend.open(Policy(Path(folder)))


def test_a_container_ended_by_somebody_is_no_failed_program(
    sandbox: DockerSandbox, engine: docker.APIClient, workspace: Path
) -> None:
    def meddle() -> None:
        while not (workspace / "running").exists():
            time.sleep(0.02)
        for each in containers(engine):
            engine.kill(each["Id"])

    meddler = threading.Thread(target=meddle)
    meddler.start()
    with pytest.raises(SandboxError, match="ended under a program"):
        shell(sandbox, "touch running; sleep 60")
    meddler.join()
    assert shell(sandbox, "echo on").stdout.text() == "on\n"


@pytest.mark.slow
def test_a_container_that_does_not_answer_is_ended(
    sandbox: DockerSandbox, engine: docker.APIClient, workspace: Path
) -> None:
    def freeze() -> None:
        while not (workspace / "running").exists():
            time.sleep(0.02)
        for each in containers(engine):
            engine.pause(each["Id"])

    freezer = threading.Thread(target=freeze)
    freezer.start()
    with pytest.raises(SandboxError, match="did not answer"):
        shell(sandbox, "touch running; sleep 60", wall=1)
    freezer.join()
    assert containers(engine) == []


def test_a_kernel_remembers_and_survives_interruption_but_not_its_container(
    sandbox: DockerSandbox, engine: docker.APIClient
) -> None:
    kernel = sandbox.kernel()
    assert kernel.cell("x = 41; print('said')").stdout.text() == "said\n"
    assert kernel.cell("while True: pass", wall=0.5).status is CellStatus.INTERRUPTED
    assert kernel.cell("x + 1").value == "42"
    assert shell(sandbox, "echo beside").status is Status.OK
    assert kernel.cell("x").value == "41"
    for each in containers(engine):
        engine.kill(each["Id"])
    assert kernel.cell("x").status is CellStatus.DIED
    assert kernel.cell("1 + 1").value == "2"
    kernel.restart()
    assert "NameError" in kernel.cell("x").error
    kernel.close()


def test_a_kernel_ends_when_a_file_that_is_hidden_from_it_is_replaced(sandbox: DockerSandbox, workspace: Path) -> None:
    secret = workspace / ".env"
    secret.write_text("FIRST")
    kernel = sandbox.kernel()
    kernel.cell("def look():\n  try: return open('.env').read()\n  except OSError: return 'refused'")
    assert kernel.cell("look()").value == "'refused'"
    beside = workspace / ".env.new"
    beside.write_text("SECOND")
    beside.replace(secret)
    time.sleep(1)
    assert kernel.cell("look()").status is CellStatus.DIED
    assert "PermissionError" in kernel.cell("open('.env')").error


def test_closing_leaves_no_container(backend: DockerBackend, engine: docker.APIClient, workspace: Path) -> None:
    sandbox = backend.open(Policy(workspace))
    kernel = sandbox.kernel()
    kernel.cell("import subprocess; subprocess.Popen(['sleep', '99'])")
    results = list[Result]()

    def run() -> None:
        results.append(shell(sandbox, "touch running; sleep 60"))

    runner = threading.Thread(target=run)
    runner.start()
    while not (workspace / "running").exists():
        time.sleep(0.02)
    assert len(containers(engine)) == 2
    sandbox.close()
    runner.join()
    assert containers(engine) == []
    assert results[0].status is Status.CANCELLED
    with pytest.raises(SandboxError, match="closed"):
        shell(sandbox, "true")


OPEN_AND_WAIT = """
import sys, time
from pathlib import Path
from demiurgic.sandbox.docker.backend import DockerBackend
from demiurgic.sandbox.protocol import Command, Policy
sandbox = DockerBackend(sys.argv[1]).open(Policy(Path(sys.argv[2])))
sandbox.run(Command(("sh", "-c", "touch running; while :; do date > beat; sleep 0.1; done")))
"""


def test_what_a_killed_process_left_ends_and_is_swept_up(
    backend: DockerBackend,
    engine: docker.APIClient,
    docker_address: str,
    workspace: Path,
) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OPEN_AND_WAIT, docker_address, str(workspace)])
    while not (workspace / "running").exists():
        time.sleep(0.05)
    left = containers(engine)[0]
    assert left["Labels"][OWNER].startswith(f"{owner.pid}:")
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert engine.wait(left["Id"], timeout=20)["StatusCode"] in (0, 137)
    sandbox = backend.open(Policy(workspace))
    assert containers(engine) == []
    sandbox.close()


def test_containers_of_a_living_process_are_let_be(
    backend: DockerBackend, engine: docker.APIClient, sandbox: DockerSandbox, workspace: Path
) -> None:
    before = container_of(sandbox)
    backend.open(Policy(workspace)).close()
    assert container_of(sandbox) == before


def test_an_image_is_built_from_a_dockerfile(docker_address: str, engine: docker.APIClient, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {image_name()}\nENV MADE=here\n")
    builder = Engine(docker_address)
    try:
        said = list(builder.build_image(tmp_path, "trial:1"))
        assert any("ENV MADE=here" in line for line in said)
        assert "MADE=here" in json.dumps(engine.inspect_image("trial:1"))
        (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY nothing /\n")
        with pytest.raises(SandboxError, match="could not be built"):
            list(builder.build_image(tmp_path, "trial:2"))
    finally:
        builder.close()


def test_the_network_is_said_to_be_open_when_it_is(backend: DockerBackend, workspace: Path) -> None:
    sandbox = backend.open(Policy(workspace, network=True))
    try:
        assert Guard.NETWORK not in sandbox.enforced
        assert "network is open" in sandbox.warning
    finally:
        sandbox.close()
