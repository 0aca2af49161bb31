"""Filters for system calls, made from the table in `syscalls`: a program for the kernel, and a profile for Docker.

Programs of another word size than the machine's are refused every call.
"""

import errno
import platform
import struct
from collections.abc import Iterator

from demiurgic.errors import SandboxError
from demiurgic.sandbox.syscalls import NEWEST, NUMBERS, Argument, Deny, Machine, rules

_ARCHITECTURES: dict[Machine, int] = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_DOCKER_NAMES: dict[Machine, str] = {"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}

_LOAD, _JUMP_EQUAL, _JUMP_ABOVE, _AND, _RETURN = 0x20, 0x15, 0x25, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000


def this_machine() -> Machine:
    """The kind of machine that this is. Raises SandboxError for one that the table does not know."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        raise SandboxError(f"system calls cannot be filtered on {machine}", "x86_64 and aarch64 are supported")
    return machine


def program(machine: Machine, sockets: bool = True, ipc: bool = True, forks: bool = True) -> bytes:
    """The filter as the kernel takes it."""
    lines = [
        _line(_LOAD, _ARCHITECTURE),
        _line(_JUMP_EQUAL, _ARCHITECTURES[machine], yes=1),
        _fail(errno.ENOSYS),
        _line(_LOAD, _NUMBER),
        _line(_JUMP_ABOVE, NEWEST, no=1),
        _fail(errno.ENOSYS),
    ]
    wanted = list(rules(sockets, ipc, forks))
    for rule in sorted(wanted, key=lambda rule: bool(rule.arguments)):  # those that look at arguments last
        lines += _rule(rule, NUMBERS[rule.name][machine == "aarch64"])
    return b"".join([*lines, _line(_RETURN, _ALLOW)])


def docker_profile(machine: Machine, sockets: bool = True) -> dict[str, object]:
    """The same as a profile for container engines."""
    return {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": [_DOCKER_NAMES[machine]],
        "syscalls": [
            {
                "names": [rule.name],
                "action": "SCMP_ACT_ERRNO",
                "errnoRet": rule.error,
                "args": [_docker_argument(argument) for argument in rule.arguments],
            }
            for rule in rules(sockets)
            if NUMBERS[rule.name][machine == "aarch64"] is not None
        ],
    }


def _rule(rule: Deny, number: int | None) -> list[bytes]:
    if number is None:
        return []
    if not rule.arguments:
        return [_line(_JUMP_EQUAL, number, no=1), _fail(rule.error)]
    body = [line for argument in rule.arguments for line in _condition(argument)]
    steps = 3 * len(rule.arguments)
    lines = [_line(_LOAD, _NUMBER), _line(_JUMP_EQUAL, number, no=steps + 1)]
    for position, (code, value) in enumerate(body, start=1):
        jumps = code in (_JUMP_EQUAL, _JUMP_ABOVE)
        lines.append(_line(code, value, no=steps - position + 1 if jumps else 0))
    return [*lines, _fail(rule.error)]


def _condition(argument: Argument) -> Iterator[tuple[int, int]]:
    yield _LOAD, _ARGUMENTS + 8 * argument.index
    yield _AND, argument.mask
    yield _JUMP_EQUAL if argument.operation == "equal" else _JUMP_ABOVE, argument.value


def _fail(error: int) -> bytes:
    return _line(_RETURN, _FAIL | error)


def _line(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)


def _docker_argument(argument: Argument) -> dict[str, object]:
    if argument.operation == "above":
        return {"index": argument.index, "value": argument.value, "valueTwo": 0, "op": "SCMP_CMP_GT"}
    return {
        "index": argument.index,
        "value": argument.mask,
        "valueTwo": argument.value,
        "op": "SCMP_CMP_MASKED_EQ",
    }
