"""What holds for every kind of sandbox, and what holds where its results say so."""

import itertools
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from support.sandboxes import Ground, keeps, long_time, running, said, soon_running

from demiurgic.errors import SandboxError
from demiurgic.sandbox.protocol import Command, Guard, Limits, Status, Stream
from demiurgic.sandbox.toolchain import project_folders

EVERYWHERE = {Guard.WALL, Guard.CPU, Guard.MEMORY, Guard.FILE_SIZE, Guard.OUTPUT, Guard.SYSCALLS, Guard.NETWORK}


def gone(*argv: str) -> bool:
    """Whether no such process is left, or at least soon none."""
    until = time.monotonic() + 20
    while running(*argv) and time.monotonic() < until:
        time.sleep(0.05)
    return not running(*argv)


def test_a_program_runs_where_it_is_told_to(ground: Ground) -> None:
    (ground.workspace / "sub").mkdir()
    with ground.opened() as sandbox:
        result = sandbox.run(Command(("sh", "-c", "pwd; cat; echo err >&2; exit 3"), stdin=b"in\n", folder="sub"))
    assert (result.status, result.exit_code, result.signal) == (Status.FAILED, 3, None), said(result)
    assert result.stdout.text() == f"{ground.workspace}/sub\nin\n"
    assert result.stderr.text() == "err\n"
    assert result.backend == ground.kind == sandbox.name
    assert result.enforced >= EVERYWHERE


def test_a_signal_is_told_as_one(ground: Ground) -> None:
    result = ground.shell("kill -SEGV $$")
    assert (result.status, result.exit_code, result.signal) == (Status.FAILED, None, 11)


def test_a_program_that_does_not_exist_is_its_caller_s_mistake(ground: Ground) -> None:
    with ground.opened() as sandbox:
        result = sandbox.run(Command(("no-such-program",)))
    assert (result.status, result.exit_code) == (Status.FAILED, 127)
    assert "no-such-program" in result.stderr.text()


def test_folders_that_lead_out_or_nowhere_are_refused(ground: Ground) -> None:
    sandbox = ground.open()
    for folder in ("..", "/etc", "a/../../b", "nowhere"):
        with pytest.raises(SandboxError):
            sandbox.run(Command(("true",), folder=folder))


def test_stdin_ends_at_once_where_nothing_is_sent(ground: Ground) -> None:
    assert ground.shell("cat").status is Status.OK


def test_only_what_the_policy_says_is_in_the_environment(ground: Ground) -> None:
    result = ground.shell("env", environment={"WANTED": "yes"})
    names = {line.partition("=")[0] for line in result.stdout.text().splitlines()}
    assert {"PATH", "HOME", "LANG", "TMPDIR", "PWD", "WANTED"} <= names
    assert not {name for name in names if name not in ("PATH", "HOME", "LANG", "TMPDIR", "PWD", "WANTED", "_", "SHLVL")
                and not name.startswith("GIT_")}  # fmt: skip


def test_home_and_temporary_folder_can_be_written_and_do_not_last(ground: Ground) -> None:
    write = 'echo x > "$HOME/f" && echo y > "$TMPDIR/g" && echo done'
    assert ground.shell(write).stdout.text() == "done\n"
    assert ground.shell('ls "$HOME" "$TMPDIR/g"').status is Status.FAILED


def test_what_programs_write_belongs_to_the_workspace_s_owner(ground: Ground) -> None:
    assert ground.shell("mkdir d && echo x > d/f").status is Status.OK
    owner = ground.workspace.stat()
    made = (ground.workspace / "d" / "f").stat()
    assert (made.st_uid, made.st_gid) == (owner.st_uid, owner.st_gid)


def test_a_workspace_that_is_not_writable(ground: Ground) -> None:
    if ground.kind == "process":
        return  # it says that it keeps nothing
    (ground.workspace / "f").write_text("as it was")
    result = ground.shell("cat f; echo x > f; echo y > g; rm f", writable=False)
    assert result.stdout.text() == "as it was"
    assert (ground.workspace / "f").read_text() == "as it was"
    assert not (ground.workspace / "g").exists()


def test_output_is_told_as_it_comes(ground: Ground) -> None:
    heard: list[tuple[Stream, bytes]] = []
    ground.open().run(Command(("sh", "-c", "echo one; sleep 0.5; echo two")), lambda *told: heard.append(told))
    assert heard == [("stdout", b"one\n"), ("stdout", b"two\n")]


def test_the_wall_clock(ground: Ground) -> None:
    seconds = long_time()
    result = ground.shell(f"trap '' TERM INT; echo on; sleep {seconds}; sleep {seconds}", Limits(wall=2))
    assert (result.status, result.exit_code, result.signal) == (Status.TIMEOUT, None, 9)
    assert result.stdout.text() == "on\n"
    assert not running("sleep", seconds)


def test_cpu_time(ground: Ground) -> None:
    result = ground.python("while True: pass", Limits(wall=100, cpu=1))
    assert result.status is Status.CPU_LIMIT, said(result)


def test_memory_of_one_process(ground: Ground) -> None:
    result = ground.python("x = bytearray(2 << 30); print(len(x))", Limits(wall=60, memory=256 << 20))
    assert result.status in (Status.MEMORY_LIMIT, Status.FAILED), said(result)
    assert not result.stdout.head


def test_memory_of_all_processes_together(ground: Ground) -> None:
    code = (
        "import os, time\nfor _ in range(8):\n  if not os.fork(): x = b'x' * (100 << 20); time.sleep(30); os._exit(0)\n"
    )
    result = ground.python(f"{code}while True:\n  os.wait()", Limits(wall=60, memory=400 << 20))
    assert result.status is Status.MEMORY_LIMIT, said(result)  # watched where it cannot be limited


def test_number_of_processes(ground: Ground) -> None:
    code = "import os, time\nn = 0\ntry:\n  for n in range(200):\n    if not os.fork(): time.sleep(30); os._exit(0)\n"
    result = ground.python(f"{code}except OSError: print(n)", Limits(wall=60, processes=24))
    if keeps(result, Guard.PROCESSES):
        assert 0 < int(result.stdout.text()) <= 24


def test_size_of_one_file(ground: Ground) -> None:
    result = ground.shell("head -c 3000000 /dev/zero > f", Limits(file_size=1 << 20))
    assert result.status is not Status.OK
    assert (ground.workspace / "f").stat().st_size <= 1 << 20


@pytest.mark.parametrize("place", [".", "$TMPDIR"])
def test_size_of_all_files(ground: Ground, place: str) -> None:
    script = f"cd {place}; for i in $(seq 400); do head -c 5000000 /dev/urandom > f$i || exit 1; done; sleep 5"
    result = ground.shell(script, Limits(wall=100, disk=70 << 20, memory=256 << 20))
    assert result.status in (Status.DISK_LIMIT, Status.FAILED), said(result)
    assert sum(path.stat().st_size for path in ground.workspace.iterdir()) < 1 << 30


def test_number_of_files(ground: Ground) -> None:
    code = "import itertools, time\nfor n in range(30000): open(str(n), 'w').close()\ntime.sleep(3)"
    result = ground.python(code, Limits(wall=100, files=2000))
    assert result.status is Status.DISK_LIMIT, said(result)


def test_output_without_end(ground: Ground) -> None:
    result = ground.shell("yes", Limits(wall=100, output_total=3 << 20, output_kept=1000))
    assert result.status is Status.OUTPUT_LIMIT
    assert result.stdout.dropped > 1 << 20
    assert len(result.stdout.head) == len(result.stdout.tail) == 1000


def test_what_a_program_leaves_behind_ends_with_it(ground: Ground) -> None:
    seconds = long_time()
    daemon = f"setsid sh -c 'trap \"\" HUP TERM; sleep {seconds}' </dev/null >/dev/null 2>&1"
    result = ground.shell(f"({daemon} &); sleep {seconds} & echo done")
    assert (result.status, result.stdout.text()) == (Status.OK, "done\n")
    assert result.wall < 30
    assert not running("sleep", seconds)


def test_cancelling(ground: Ground) -> None:
    cancel, seconds = threading.Event(), long_time()
    sandbox = ground.open()
    threading.Timer(1.0, cancel.set).start()
    result = sandbox.run(Command(("sleep", seconds)), cancel=cancel)
    assert result.status is Status.CANCELLED
    assert not running("sleep", seconds)


def test_closing_ends_what_runs(ground: Ground) -> None:
    sandbox = ground.open()
    threading.Timer(1.5, sandbox.close).start()
    assert sandbox.run(Command(("sleep", "5009"))).status is Status.CANCELLED
    with pytest.raises(SandboxError):
        sandbox.run(Command(("true",)))


def test_there_is_no_network(ground: Ground) -> None:
    name = f"demiurgic-test-{os.getpid()}"
    path = ground.workspace.parent / "door"
    with socket.create_server(("127.0.0.1", 0)) as by_port, socket.socket(socket.AF_UNIX) as by_name:
        by_name.bind(f"\0{name}")
        by_name.listen()
        with socket.socket(socket.AF_UNIX) as by_path:
            by_path.bind(str(path))
            by_path.listen()
            doors = [(2, by_port.getsockname()), (1, f"\0{name}"), (1, str(path))]
            code = (
                f"import socket\nfor family, address in {doors!r}:\n"
                "  try: socket.socket(family).connect(address); print('connected', address)\n"
                "  except OSError as error: print('refused')"
            )
            assert ground.python(code).stdout.text() == "refused\n" * 3
            if ground.kind not in ("bubblewrap", "docker"):  # these show no files, or no servers, of this machine's
                assert ground.python(code, network=True).stdout.text().count("connected") >= 1


def test_files_beside_the_workspace(ground: Ground) -> None:
    secret = ground.workspace.parent / "secret"
    secret.write_text("SECRET")
    (ground.workspace / "link").symlink_to(secret)
    result = ground.shell(f"cat {secret} link ../secret; echo gone > {secret}; echo new > ../new")
    if keeps(result, Guard.FILES):
        assert "SECRET" not in said(result)
        assert secret.read_text() == "SECRET"
        assert not (ground.workspace.parent / "new").exists()
    else:
        assert ground.kind == "process"


def test_secrets_of_other_processes(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_KEY", "SECRET")  # which must not reach anything that is started for the sandbox either
    with subprocess.Popen(["sleep", "60"], env={"API_KEY": "SECRET"}) as other:
        try:
            result = ground.shell(f"cat /proc/{other.pid}/environ /proc/*/environ")
            assert not keeps(result, Guard.SECRETS) or "SECRET" not in said(result)
        finally:
            other.kill()
    assert keeps(result, Guard.SECRETS) == (ground.kind != "process")


def test_readable_folders_can_be_read_and_not_written(ground: Ground) -> None:
    tools = ground.workspace.parent / "tools" / "bin"
    tools.mkdir(parents=True)
    (tools / "our-tool").write_text("#!/bin/sh\necho from the tool\n")
    (tools / "our-tool").chmod(0o755)
    result = ground.shell(f"our-tool; echo x > {tools}/y", readable=(tools,))
    assert result.stdout.text() == "from the tool\n"
    if keeps(result, Guard.FILES):
        assert not (tools / "y").exists()


def test_git_works(ground: Ground) -> None:
    git = ["git", "-C", str(ground.workspace)]
    subprocess.run([*git, "init", "-q"], check=True)
    (ground.workspace / "a.txt").write_text("one\n")
    subprocess.run([*git, "add", "."], check=True)
    named = ["-c", "user.name=n", "-c", "user.email=e@e"]
    subprocess.run([*git, *named, "commit", "-qm", "first"], check=True)
    (ground.workspace / "a.txt").write_text("two\n")
    result = ground.shell("git status --short && git log --format=%s && git diff --stat | tail -1")
    assert result.stdout.text().splitlines()[:2] == [" M a.txt", "first"], said(result)


def test_the_project_s_own_environment_is_used(ground: Ground) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(ground.workspace / ".venv")], check=True)
    package = next((ground.workspace / ".venv" / "lib").glob("python3*")) / "site-packages" / "our_package.py"
    package.write_text("NAME = 'ours'\n")
    modules = ground.workspace / "node_modules" / ".bin"
    modules.mkdir(parents=True)
    (modules / "our-script").write_text("#!/bin/sh\necho from node_modules\n")
    (modules / "our-script").chmod(0o755)
    readable = project_folders(ground.workspace)
    python = ".venv/bin/python" if ground.kind == "process" else "python"
    result = ground.shell(f"{python} -c 'import our_package; print(our_package.NAME)'; our-script", readable=readable)
    assert result.stdout.text() == "ours\nfrom node_modules\n", said(result)


def test_a_program_of_the_project_stands_for_another_only_where_it_is_kept_in(ground: Ground) -> None:
    for folder in (".venv/bin", "venv/bin", "node_modules/.bin"):
        theirs = ground.workspace / folder / "ls"
        theirs.parent.mkdir(parents=True)
        theirs.write_text("#!/bin/sh\necho of the project\n")
        theirs.chmod(0o755)
    listed = ground.shell("ls -d .").stdout.text()
    assert listed == (".\n" if ground.kind == "process" else "of the project\n")


def test_a_batch_comes_in_order_and_from_no_more_commands_than_needed(ground: Ground) -> None:
    taken = itertools.count()
    commands = (Command(("sh", "-c", f"sleep 0.{9 - n % 10}; echo {n}; exit {n % 3}")) for n in taken)
    results = list(itertools.islice(ground.open().batch(commands), 7))
    assert [result.stdout.text() for result in results] == [f"{n}\n" for n in range(7)]
    assert [result.exit_code for result in results] == [n % 3 for n in range(7)]
    assert next(taken) < 7 + 4 * (os.cpu_count() or 1) + 2


def test_one_job_of_a_batch_cannot_spoil_another(ground: Ground) -> None:
    if ground.kind == "process":
        return  # it says that it keeps nothing
    spoil = Command(("sh", "-c", "echo print\\(666\\) > json.py; echo x > $TMPDIR/x; ls $TMPDIR"))
    read = Command(("python3", "-c", "import json, os; print(os.listdir('.'))"))
    results = list(ground.open().batch([spoil, spoil, read]))
    assert results[2].stdout.text() == "[]\n"
    assert not list(ground.workspace.iterdir())


@pytest.mark.parametrize("what", ["run", "kernel"])
def test_all_ends_when_this_program_is_killed(ground: Ground, what: str) -> None:
    seconds = long_time()
    code = f'import os; os.system("setsid sleep {seconds} & sleep {seconds}")'
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\nfrom support.sandboxes import opener\nfrom demiurgic.sandbox.protocol import *\n"
        "sandbox = opener(sys.argv[2])(Policy(Path(sys.argv[3])))\n"
        f"script = 'setsid sleep {seconds} & sleep {seconds}'\n"
        "if sys.argv[4] == 'run': sandbox.run(Command(('sh', '-c', script)))\n"
        f"else: sandbox.kernel().cell({code!r})\n"
    )
    tests = str(Path(__file__).parents[2])
    front = subprocess.Popen([sys.executable, "-c", script, tests, ground.source, str(ground.workspace), what])
    assert soon_running("sleep", seconds)
    front.kill()
    front.wait()
    assert gone("sleep", seconds)


def test_nothing_is_left_in_temporary_folders_and_control_groups(ground: Ground) -> None:
    def strays() -> set[Path]:
        ours = f"demiurgic-*-{os.getpid()}-*"
        groups = [path for root in ("memory", "pids") for path in Path("/sys/fs/cgroup", root).rglob(ours)]
        return {*groups, *Path(tempfile.gettempdir()).glob(ours)}

    before = strays()
    with ground.opened() as sandbox:
        nest = "import os\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')"
        sandbox.run(Command(("python3", "-c", f"import os; os.chdir(os.environ['TMPDIR'])\n{nest}")))
        sandbox.run(Command(("sh", "-c", "mkdir $TMPDIR/closed; touch $TMPDIR/closed/f; chmod 0 $TMPDIR/closed")))
        sandbox.kernel().cell("1")
    assert strays() - before == set()


@pytest.mark.parametrize("argv", [(), ("sh", "-c", "echo a\0b")])
def test_a_command_that_is_none_is_refused(ground: Ground, argv: tuple[str, ...]) -> None:
    sandbox = ground.open()
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(SandboxError):
            sandbox.run(Command(argv))
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
    assert sandbox.run(Command(("true",))).status is Status.OK


def test_a_command_line_that_is_too_long_does_not_look_like_a_program_s_success(ground: Ground) -> None:
    try:
        result = ground.python(f"print({'9' * (200 << 10)!r})")
    except SandboxError as error:
        told = str(error)
    else:
        told = result.stderr.text()
        assert result.status is Status.FAILED
    assert "too long" in told
