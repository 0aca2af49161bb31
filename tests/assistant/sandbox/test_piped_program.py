"""The pipes of a program that stays, used by one thread and closed by another."""

import contextlib
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demiurgic.errors import SandboxError
from demiurgic.sandbox.spawn import Channel, PipedProgram

ROUNDS = 300


def killed(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def program(*argv: str, settle: Callable[[subprocess.Popen[bytes]], None] = killed) -> PipedProgram:
    """A bare child process."""

    def start(replies: int) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        words = [word.format(replies=replies) for word in argv]
        return subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, pass_fds=[replies])

    return PipedProgram(start, settle)


@contextlib.contextmanager
def strangers() -> Iterator[list[int]]:
    """Pipes of somebody else's, with one byte in each: they get the lowest numbers that are free."""
    pipes = [os.pipe() for _ in range(8)]
    for _, into in pipes:
        os.write(into, b"x")
    try:
        yield [out for out, _ in pipes]
    finally:
        for out, into in pipes:
            os.close(out)
            os.close(into)


def used_by_a_thread(use: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with contextlib.suppress(SandboxError):
                use()
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    return thread, failures


def receiving(child: PipedProgram) -> Callable[[], object]:
    def use() -> None:
        while not child.ended:
            child.receive(5)

    return use


def sending(child: PipedProgram) -> Callable[[], object]:
    return lambda: child.send(b"x" * (1 << 20))  # more than a pipe holds, and nobody reads it


@pytest.mark.parametrize("using", [receiving, sending])
def test_no_thread_touches_a_descriptor_that_is_somebody_elses_by_now(using: Callable[[PipedProgram], Callable]):
    for _ in range(ROUNDS):
        child = program("sleep", "60")
        thread, failures = used_by_a_thread(using(child))
        child.end()
        with strangers() as pipes:
            thread.join(20)
            assert not thread.is_alive()
            assert not failures
            for pipe in pipes:
                os.set_blocking(pipe, False)
                assert os.read(pipe, 2) == b"x"


def test_what_was_written_before_the_end_comes_and_after_it_nothing():
    child = program("bash", "-c", "echo out; echo reply >&{replies}")
    came: dict[Channel, bytes] = {}
    while not child.ended:
        for channel, data in child.receive(5):
            came[channel] = came.get(channel, b"") + data
    assert came == {Channel.STDOUT: b"out\n", Channel.REPLIES: b"reply\n"}
    child.end()
    child.end()
    assert child.receive(5) == []


def test_pipes_are_closed_even_if_the_end_of_a_program_cannot_be_settled():
    def fail(process: subprocess.Popen[bytes]) -> None:
        killed(process)
        raise SandboxError("something was left behind")

    before = len([*Path("/proc/self/fd").iterdir()])
    child = program("sleep", "60", settle=fail)
    with pytest.raises(SandboxError, match="left behind"):
        child.end()
    assert len([*Path("/proc/self/fd").iterdir()]) == before
