"""Hostile programs against every kind of sandbox, with what must become of each.

The programs lie in `hostile_programs/`, one a file, and say `GOT what` for each thing that they managed to do. After
each: no process of it is left, nothing outside the workspace has changed, no secret came out, no server was reached,
the launcher's memory did not grow, and the folder can be removed.
"""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from support.hostile_ground import ORDINARY, PROGRAMS, SECRET, Ground, Launcher, Outcome, ground

from demiurgic.errors import OutsideWorkspace, WorkspaceError
from demiurgic.sandbox.protocol import Guard, Status
from demiurgic.sandbox.remove import remove_tree
from demiurgic.workspace.beneath import LocalWorkspace

pytestmark = pytest.mark.slow

MIB = 1 << 20
LIMITS: Mapping[str, float] = {
    "wall": 60,
    "cpu": 60,
    "memory": 192 * MIB,
    "processes": 64,
    "output_kept": 64 << 10,
    "output_total": 4 * MIB,
    "file_size": 16 * MIB,
    "disk": 32 * MIB,
    "files": 2000,
    "open_files": 64,
}
KINDS = ("docker", "bubblewrap", "landlock", "process")
# fmt: off
ORDINARY_VARIABLES = (
    "PATH", "HOME", "LANG", "LC_CTYPE", "TMPDIR", "PWD", "TOKEN", "GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0",
    "GIT_CONFIG_VALUE_0", "GIT_OPTIONAL_LOCKS", "GIT_TERMINAL_PROMPT", "GIT_PAGER",
)
# fmt: on
CLEANING_SECONDS = 5.0
"""Of the processor: others may keep the disk busy."""
GROWTH = 48 * MIB

BLOCKED = frozenset({Status.OK, Status.FAILED})
"""It gains nothing, and ends by itself."""
STOPPED = frozenset({Status.OK, Status.FAILED, Status.MEMORY_LIMIT, Status.DISK_LIMIT})
"""It gains nothing: a limit refuses it more, or ends it."""
TIMEOUT = frozenset({Status.TIMEOUT})
CPU = frozenset({Status.TIMEOUT, Status.CPU_LIMIT})
OUTPUT = frozenset({Status.OUTPUT_LIMIT})
DISK = frozenset({Status.DISK_LIMIT})
CONTAINED = "it succeeds in memory of the run's own, which is limited and goes with the run"
GROUPS = "where control groups can be made it is stopped; elsewhere the guard is not among those enforced"
UNPROMISED = "it gains nothing, though the guard is not among those enforced"
OPEN = "not protected, and the guard is not among those enforced"
TOLD = "not protected, and the sandbox's warning says so"

Expected = frozenset[Status] | str


@dataclass(frozen=True)
class Row:
    """A program, what it attacks, and what must become of it in each kind of sandbox."""

    program: str
    guard: Guard
    docker: Expected
    bubblewrap: Expected
    landlock: Expected
    process: Expected
    limits: Mapping[str, float] = field(default_factory=dict)
    stdin: bytes = b""


# fmt: off
G = Guard
ROWS = (
    #   program                          attacks            docker    bubblewrap landlock  process
    Row("p01_fork_bomb",                 G.PROCESSES,       BLOCKED,  BLOCKED,  GROUPS,   GROUPS),
    Row("p02_one_glutton",               G.MEMORY,          STOPPED,  STOPPED,  STOPPED,  STOPPED),
    Row("p03_eight_gluttons",            G.MEMORY_TOTAL,    STOPPED,  GROUPS,   GROUPS,   GROUPS),
    Row("p04_memory_without_processes",  G.MEMORY_TOTAL,    STOPPED,  GROUPS,   GROUPS,   GROUPS),
    Row("p05_fill_temporary_folder",     G.DISK_TOTAL,      STOPPED,  STOPPED,  STOPPED,  STOPPED),
    Row("p06_one_huge_file",             G.FILE_SIZE,       STOPPED,  STOPPED,  STOPPED,  STOPPED),
    Row("p07_many_large_files",          G.DISK_TOTAL,      DISK,     DISK,     DISK,     DISK),
    Row("p08_many_empty_files",          G.FILE_COUNT,      DISK,     DISK,     DISK,     DISK),
    Row("p09_endless_line",              G.OUTPUT,          OUTPUT,   OUTPUT,   OUTPUT,   OUTPUT),
    Row("p10_grandchild_holds_the_pipe", G.WALL,            BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p11_daemon",                    G.SURVIVORS,       BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p12_deaf_and_busy",             G.WALL,            TIMEOUT,  TIMEOUT,  TIMEOUT,  TIMEOUT,  {"wall": 1}),
    Row("p13_stops_itself",              G.WALL,            TIMEOUT,  TIMEOUT,  TIMEOUT,  TIMEOUT,  {"wall": 1}),
    Row("p14_kills_its_keepers",         G.SURVIVORS,       BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p15_other_processes",           G.SECRETS,         BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p16_kernel_switches",           G.FILES,           BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p17_environment",               G.SECRETS,         BLOCKED,  BLOCKED,  BLOCKED,  UNPROMISED),
    Row("p18_inherited_files",           G.SECRETS,         BLOCKED,  BLOCKED,  BLOCKED,  UNPROMISED),
    Row("p19_read_secrets",              G.FILES,           BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p20_write_start_files",         G.FILES,           BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p21_links_out",                 G.FILES,           BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p22_dots_and_roots",            G.FILES,           BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p23_hard_link",                 G.FILES,           BLOCKED,  BLOCKED,  TOLD,     OPEN),
    Row("p24_swap_folders",              G.FILES,           BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p25_git_folder",                G.FILES,           BLOCKED,  BLOCKED,  TOLD,     OPEN),
    Row("p25b_git_where_none_was",       G.FILES,           BLOCKED,  BLOCKED,  TOLD,     OPEN),
    Row("p27_tcp",                       G.NETWORK,         BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p28_udp",                       G.NETWORK,         BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p29_local_sockets",             G.NETWORK,         BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p30_odd_sockets",               G.SYSCALLS,        BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p31_kernel_surface",            G.SYSCALLS,        BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p32_trace",                     G.SYSCALLS,        BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p33_more_rights",               G.SYSCALLS,        BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p34_devices_and_namespaces",    G.SYSCALLS,        BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p35_terminal",                  G.SYSCALLS,        BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p36_crash",                     G.WALL,            BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p37_nasty_names",               G.WALL,            STOPPED,  STOPPED,  STOPPED,  STOPPED,  {"files": 10_000}),
    Row("p38_waits_for_input",           G.WALL,            BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p39_all_bytes",                 G.OUTPUT,          BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p40_terminal_tricks",           G.OUTPUT,          BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p41_eight_busy_processes",      G.CPU,             CPU,      CPU,      CPU,      CPU,      {"wall": 2}),
    Row("p42_poison",                    G.FILES,           BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p50_namespaces_by_clone",       G.SYSCALLS,        BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p51_move_the_parent",           G.FILES,           BLOCKED,  BLOCKED,  TOLD,     OPEN),
    Row("p52_undo_the_mounts",           G.FILES,           BLOCKED,  BLOCKED,  TOLD,     OPEN),
    Row("p53_own_proc",                  G.SECRETS,         BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p54_nameless_files",            G.DISK_TOTAL,      STOPPED,  STOPPED,  STOPPED,  STOPPED),
    Row("p55_rolling_fork",              G.SURVIVORS,       BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p56_thread_bomb",               G.PROCESSES,       BLOCKED,  BLOCKED,  GROUPS,   GROUPS),
    Row("p57_core_dump",                 G.FILES,           BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p58_keepers_program",           G.FILES,           BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p59_shared_memory",             G.MEMORY_TOTAL,    STOPPED,  GROUPS,   GROUPS,   GROUPS),
    Row("p60_lent_rights",               G.SYSCALLS,        BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED),
    Row("p61_hidden_file",               G.FILES,           BLOCKED,  BLOCKED,  TOLD,     OPEN),
    Row("p62_facts_of_other_files",      G.FILES,           BLOCKED,  BLOCKED,  TOLD,     OPEN),
    Row("p63_move_the_workspace",        G.FILES,           BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p64_two_floods",                G.OUTPUT,          OUTPUT,   OUTPUT,   OUTPUT,   OUTPUT),
    Row("p65_ignores_its_input",         G.WALL,            BLOCKED,  BLOCKED,  BLOCKED,  BLOCKED,  {}, b"x" * 5 * MIB),
    Row("p66_many_small_temporary_files", G.FILE_COUNT,     STOPPED,  CONTAINED, STOPPED,  STOPPED),
    Row("p67_write_programs",            G.FILES,           BLOCKED,  BLOCKED,  BLOCKED,  OPEN),
    Row("p68_fill_shared_folders",       G.FILES,           STOPPED,  STOPPED,  STOPPED,  OPEN),
)
# fmt: on


@pytest.fixture(scope="module", params=KINDS)
def launcher(request: pytest.FixtureRequest) -> Iterator[Launcher]:
    address = request.getfixturevalue("docker_address") if request.param == "docker" else None
    made = Launcher(request.param, address)
    yield made
    made.end()


@pytest.fixture
def place(launcher: Launcher) -> Iterator[Ground]:
    """Root's programs would be free to harm the machine where nothing confines them; there they are another's."""
    unconfined = launcher.kind == "process" and os.geteuid() == 0
    with ground(ORDINARY if unconfined else None) as made:
        yield made


@dataclass
class Attack:
    """One program on one ground in one kind of sandbox."""

    launcher: Launcher
    place: Ground
    row: Row
    warning: str = ""

    def open(self) -> None:
        policy = {
            "workspace": str(self.place.workspace),
            "readable": [str(self.place.base / "programs")],
            "protected": [".git", "ci/workflows"],
            "hidden": [".env"],
            "environment": {"TOKEN": self.place.token},
        }
        self.warning = self.launcher.open(policy)

    def run(self, **facts: object) -> Outcome:
        limits = {**LIMITS, **self.row.limits}
        told = json.dumps(self.place.facts(self.launcher, limits, variables=ORDINARY_VARIABLES, **facts))
        program = self.place.base / "programs" / f"{self.row.program}.py"
        return self.launcher.run(["python3", "-B", str(program), told], limits, self.row.stdin)

    @property
    def expected(self) -> Expected:
        expected: Expected = getattr(self.row, self.launcher.kind)
        return expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.program)
def test_a_hostile_program(launcher: Launcher, place: Ground, row: Row) -> None:
    attack = Attack(launcher, place, row)
    if row.program == "p25b_git_where_none_was":
        remove_tree(place.workspace / ".git")
    before, kept = place.picture(), place.protected_picture()
    attack.open()
    try:
        outcome = attack.run(turn=1)
        if row.program == "p42_poison":
            outcome = attack.run(turn=2)
        survivors = place.await_no_survivors()
        check(attack, outcome)
    finally:
        launcher.close()
    if attack.expected not in (OPEN, TOLD):
        assert not survivors
        assert place.picture() == before
        assert place.protected_picture() == kept
        assert SECRET.encode() not in outcome.stdout + outcome.stderr
    if attack.expected != OPEN:
        assert not place.heard
    started = time.process_time()
    remove_tree(place.base)
    assert time.process_time() - started < CLEANING_SECONDS


def check(attack: Attack, outcome: Outcome) -> None:
    """Whether this outcome is the one that the table states."""
    expected, guard = attack.expected, attack.row.guard
    said = f"{outcome.status} {outcome.gains} {outcome.stderr[-1500:].decode(errors='replace')}"
    assert outcome.grown < GROWTH, "the launcher holds what a program made"
    if expected == OPEN:
        assert guard not in outcome.enforced
    elif expected == UNPROMISED:
        assert guard not in outcome.enforced
        assert not outcome.gains, said
    elif expected == TOLD:
        assert attack.warning
    elif expected == CONTAINED:
        assert guard in outcome.enforced
    elif expected == GROUPS:
        assert guard not in outcome.enforced or (not outcome.gains and outcome.status in STOPPED), said
    else:
        assert guard in outcome.enforced
        assert not outcome.gains, said
        assert outcome.status in expected, said
    PARTICULARS.get(attack.row.program, lambda *_: None)(attack, outcome)


def ends_at_once(attack: Attack, outcome: Outcome) -> None:
    assert outcome.stdout == b"done\n"
    assert outcome.took < 10


def heart_stands_still(attack: Attack, outcome: Outcome) -> None:
    if attack.expected != OPEN:
        heartbeat = attack.place.workspace / "heartbeat"
        last = heartbeat.read_text()
        time.sleep(0.3)
        assert heartbeat.read_text() == last


def little_is_kept(attack: Attack, outcome: Outcome) -> None:
    assert len(outcome.stdout) <= 2 * LIMITS["output_kept"]
    assert outcome.dropped > 0


def bytes_are_exact(attack: Attack, outcome: Outcome) -> None:
    assert outcome.stdout == bytes(range(256)) * 2
    assert outcome.stderr == b"\xff\xfe\xc3("


def crashed(attack: Attack, outcome: Outcome) -> None:
    assert outcome.status == Status.FAILED
    assert outcome.signal in (6, 11)


def no_core(attack: Attack, outcome: Outcome) -> None:
    assert outcome.signal == 6
    assert not list(attack.place.workspace.glob("core*"))


def nothing_lends_rights(attack: Attack, outcome: Outcome) -> None:
    assert not [path for path in attack.place.workspace.iterdir() if path.lstat().st_mode & 0o6000]


PARTICULARS = {
    "p10_grandchild_holds_the_pipe": ends_at_once,
    "p11_daemon": heart_stands_still,
    "p55_rolling_fork": heart_stands_still,
    "p09_endless_line": little_is_kept,
    "p64_two_floods": little_is_kept,
    "p39_all_bytes": bytes_are_exact,
    "p36_crash": crashed,
    "p57_core_dump": no_core,
    "p60_lent_rights": nothing_lends_rights,
}


def test_the_host_writes_while_a_folder_is_swapped_for_a_link(launcher: Launcher, place: Ground) -> None:
    """What the host writes lies in the workspace or nowhere."""
    attack = Attack(launcher, place, next(row for row in ROWS if row.program == "p24_swap_folders"))
    attack.open()
    outcomes = list[Outcome]()
    swapping = threading.Thread(target=lambda: outcomes.append(attack.run()))
    swapping.start()
    while not (place.workspace / "folder").exists() and swapping.is_alive():
        time.sleep(0.01)
    workspace, refused, written = LocalWorkspace(place.workspace), 0, 0
    while swapping.is_alive():
        try:
            workspace.write("folder/notes", b"from outside")
            written += 1
        except (OutsideWorkspace, WorkspaceError):
            refused += 1
    swapping.join()
    launcher.close()
    assert outcomes[0].status == Status.OK, outcomes[0].stderr
    assert refused
    assert written
    assert not list(place.home.rglob("notes"))


def test_git_runs_what_a_repository_names_only_in_the_sandbox(launcher: Launcher, place: Ground) -> None:
    attack = Attack(launcher, place, Row("git", Guard.FILES, BLOCKED, BLOCKED, BLOCKED, OPEN))
    remove_tree(place.workspace / ".git")
    monitor = place.workspace / "monitor"
    monitor.write_text(f"#!/bin/sh\necho ran > {place.workspace}/ran\necho evil >> {place.home}/.bashrc\n")
    monitor.chmod(0o755)
    git = ["git", "-C", str(place.workspace), "-c", "init.defaultBranch=main", "-c", "safe.directory=*"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "config", "core.fsmonitor", str(monitor)], check=True)
    before = place.picture()
    attack.open()
    outcome = launcher.run(["sh", "-c", "echo RUNS; git status --short"], LIMITS)
    launcher.close()
    assert outcome.status == Status.OK, outcome.stderr
    assert b"monitor" in outcome.stdout
    assert (place.workspace / "ran").exists(), "the sandbox's git did not run it, so nothing was shown"
    if attack.expected == OPEN:
        assert Guard.FILES not in outcome.enforced
    else:
        assert place.picture() == before


def test_every_program_stands_in_the_table() -> None:
    assert {row.program for row in ROWS} == {path.stem for path in PROGRAMS.glob("p*.py")} - {"prelude"}
