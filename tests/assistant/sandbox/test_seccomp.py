"""The filter for system calls: its numbers, and the program made of the table, run by a small interpreter of our own.

That a kernel accepts the program and obeys it is seen in every sandbox that is opened by the other tests.
"""

import errno
import itertools
import re
import struct
import subprocess
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demiurgic.sandbox.seccomp import docker_profile, program
from demiurgic.sandbox.syscalls import NEWEST, NUMBERS, Machine, rules

MACHINES: tuple[Machine, ...] = ("x86_64", "aarch64")
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOWED = 0


def verdict(filter: bytes, number: int, arguments: Sequence[int] = (), architecture: int = 0xC000003E) -> int:
    """The error that the filter answers with, 0 for none."""
    data = struct.pack("=iIQ6Q", number, architecture, 0, *[n & 2**64 - 1 for n in (*arguments, *[0] * 6)[:6]])
    lines = list(struct.iter_unpack("<HBBI", filter))
    place = accumulator = 0
    while True:
        code, yes, no, value = lines[place]
        place += 1
        if code == 0x20:
            accumulator = struct.unpack_from("=I", data, value)[0]
        elif code == 0x54:
            accumulator &= value
        elif code == 0x06:
            return value & 0xFFFF if value & 0xFFFF0000 == 0x50000 else ALLOWED
        else:
            holds = {0x15: accumulator == value, 0x25: accumulator > value}[code]
            place += yes if holds else no


def expected(machine: Machine, number: int, arguments: Sequence[int], sockets: bool) -> set[int]:
    """What the table says of a call, read without any program."""
    found = set()
    for rule in rules(sockets):
        if NUMBERS[rule.name][machine == "aarch64"] == number:
            values = [(arguments[wanted.index] & wanted.mask & 0xFFFFFFFF, wanted) for wanted in rule.arguments]
            if all(value == w.value if w.operation == "equal" else value > w.value for value, w in values):
                found.add(rule.error)
    return found


INTERESTING = st.one_of(
    st.sampled_from([0, 1, 2, 10, 16, 17, 38, 40, 0o100, 0o4755, 0o2755, 0o755, 0o20000000, 0x5412, 0x541C, -1, 2**31]),
    st.sampled_from([1 << bit for bit in range(33)]),
    st.integers(0, 2**64 - 1),
)


@settings(deadline=None)
@given(st.sampled_from(MACHINES), st.integers(0, NEWEST), st.lists(INTERESTING, min_size=6, max_size=6), st.booleans())
def test_the_program_says_what_the_table_says(
    machine: Machine, number: int, arguments: list[int], sockets: bool
) -> None:
    known = [number for pair in NUMBERS.values() if (number := pair[machine == "aarch64"]) is not None]
    filter = program(machine, sockets)
    for call in (number, known[number % len(known)]):
        wanted = expected(machine, call, arguments, sockets)
        found = verdict(filter, call, arguments, ARCHITECTURES[machine])
        assert found in wanted if wanted else found == ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
def test_foreign_and_unknown_calls_are_refused(machine: Machine) -> None:
    filter, architecture = program(machine), ARCHITECTURES[machine]
    for foreign in (0x40000003, 0x40000028, ARCHITECTURES[MACHINES[machine == "x86_64"]]):
        assert verdict(filter, 0, (), foreign) == errno.ENOSYS
    for number in (NEWEST + 1, 0x40000000, 0x40000000 + 101, -1):  # the last two: the x32 way, and none at all
        assert verdict(filter, number, (), architecture) == errno.ENOSYS
    assert verdict(filter, NEWEST, (), architecture) == ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
def test_what_programs_need_is_allowed(machine: Machine) -> None:
    filter, architecture, column = program(machine), ARCHITECTURES[machine], machine == "aarch64"
    wanted = {
        "kill": [(4321, 9), (0, 2), (-4321, 9)],
        "clone": [(0x3D0F00,), (0x1200011,), (17,)],  # a thread, a fork, a plain child
        "socket": [(1, 1), (2, 1), (10, 2), (16, 3)],
        "ioctl": [(0, 0x5401), (0, 0x5413)],
        "chmod": [(0, 0o755), (0, 0o1777)],
        "openat": [(0, 0, 0o100, 0o644), (0, 0, 0, 0o4755)],
    }
    for name, cases in wanted.items():
        number = NUMBERS[name][column]
        for arguments in cases if number is not None else ():
            assert verdict(filter, number, arguments, architecture) == ALLOWED, name


def test_the_program_fits_the_kernel_s_limit_and_its_jumps_stay_inside() -> None:
    for machine, sockets in itertools.product(MACHINES, (True, False)):
        lines = list(struct.iter_unpack("<HBBI", program(machine, sockets)))
        assert len(lines) <= 4096
        assert lines[-1] == (0x06, 0, 0, 0x7FFF0000)
        for place, (code, yes, no, _) in enumerate(lines):
            assert code in (0x06, 0x15, 0x20, 0x25, 0x54)
            assert place + 1 + max(yes, no) < len(lines) or code == 0x06


@pytest.mark.parametrize("machine", MACHINES)
def test_the_profile_for_docker_has_the_same_rules(machine: Machine) -> None:
    profile = docker_profile(machine)
    assert profile["defaultAction"] == "SCMP_ACT_ALLOW"
    here = [rule for rule in rules() if NUMBERS[rule.name][machine == "aarch64"] is not None]
    entries = profile["syscalls"]
    assert isinstance(entries, list)
    assert [(entry["names"], entry["errnoRet"]) for entry in entries] == [([rule.name], rule.error) for rule in here]
    for entry, rule in zip(entries, here, strict=True):
        for told, wanted in zip(entry["args"], rule.arguments, strict=True):
            if wanted.operation == "equal":
                assert (told["op"], told["value"], told["valueTwo"]) == (
                    "SCMP_CMP_MASKED_EQ",
                    wanted.mask,
                    wanted.value,
                )
            else:
                assert (told["op"], told["value"]) == ("SCMP_CMP_GT", wanted.value)
            assert told["index"] == wanted.index


@pytest.mark.parametrize(("column", "header"), [(0, "asm/unistd_64.h"), (1, "asm-generic/unistd.h")])
def test_the_numbers_are_those_of_the_kernel_s_headers(column: int, header: str) -> None:
    """The headers come with every C compiler. Calls that are younger than they are cannot be compared."""
    wanted = ["-D__ARCH_WANT_MEMFD_SECRET", "-D__ARCH_WANT_SYS_CLONE3", "-include", header]
    command = ["cc", "-E", "-dM", *wanted, "-x", "c", "/dev/null"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)", text)}
    if column == 0 and "modify_ldt" not in found:
        return  # a compiler for another machine
    newest = max(number for number in found.values() if number < 4096)
    for name, numbers in NUMBERS.items():
        number = numbers[column]
        if number is None:
            assert name not in found, name
        elif number <= newest:
            assert found.get(name) == number, name
