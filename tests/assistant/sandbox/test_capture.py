"""Following bare child processes, with no sandbox around them."""

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demiurgic.sandbox.capture import Ending, Keeper, Program, Watch, capture
from demiurgic.sandbox.protocol import Limits, Status, Stream

PATIENT = Limits(wall=30)


def follow(code: str, limits: Limits = PATIENT, stdin: bytes = b"", **watching) -> tuple[Ending, int]:
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", code],
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    on_output = watching.pop("on_output", None)
    watch = Watch(limits, **watching)
    try:
        ending = capture(Program(process, process.kill), limits, watch, stdin, on_output)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return ending, process.returncode


@settings(deadline=None)
@given(st.lists(st.binary(max_size=50)), st.integers(0, 40))
def test_the_beginning_and_the_end_are_kept(pieces: list[bytes], kept: int) -> None:
    keeper, whole = Keeper(kept), b"".join(pieces)
    for piece in pieces:
        keeper.add(piece)
    captured = keeper.captured()
    assert captured.head == whole[:kept]
    assert captured.tail == (whole[kept:][-kept:] if kept else b"")
    assert len(captured.head) + captured.dropped + len(captured.tail) == len(whole) == keeper.total


def test_both_streams_and_the_exit_code_come_back() -> None:
    ending, code = follow("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (ending.verdict, ending.stdout.head, ending.stderr.head, code) == (None, b"out\n", b"err\n", 3)


def test_a_signal_is_not_mistaken_for_success() -> None:
    _, code = follow("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert code == -signal.SIGKILL


def test_input_larger_than_any_pipe_meets_output_larger_than_any_pipe() -> None:
    data = random.Random(1).randbytes(3 << 20)
    ending, code = follow(
        "import sys; data = sys.stdin.buffer.read(); sys.stdout.buffer.write(data[::-1])",
        Limits(wall=30, output_kept=4 << 20),
        stdin=data,
    )
    assert (ending.stdout.head, code) == (data[::-1], 0)


def test_input_that_nobody_reads_is_no_hindrance() -> None:
    ending, code = follow("import os; os.close(0); print('well')", stdin=b"x" * (1 << 20))
    assert (ending.stdout.head, code) == (b"well\n", 0)


def test_a_grandchild_that_holds_the_pipe_is_not_waited_for() -> None:
    ending, code = follow("import subprocess; subprocess.Popen(['sleep', '20']); print('done')")
    assert (ending.stdout.head, code) == (b"done\n", 0)
    assert ending.wall < 10


def test_output_without_end_is_stopped_and_costs_no_memory() -> None:
    limits = Limits(wall=60, output_total=300 << 20, output_kept=1 << 10)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ending, _ = follow("import os\nwhile True: os.write(1, b'x' * 65536)", limits)
    assert ending.verdict == "output_limit"
    assert len(ending.stdout.head) == len(ending.stdout.tail) == 1 << 10
    assert ending.stdout.dropped >= (300 << 20) - 2048
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 << 10


def test_the_wall_clock_ends_a_program_that_ignores_signals() -> None:
    code = "import signal, time\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\nprint('on', flush=True)"
    ending, returned = follow(f"{code}\ntime.sleep(60)", Limits(wall=1.5))
    assert (ending.verdict, ending.stdout.head, returned) == ("timeout", b"on\n", -signal.SIGKILL)
    assert 1.5 <= ending.wall < 15


def test_a_stopped_program_is_ended_as_well() -> None:
    ending, _ = follow("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", Limits(wall=1))
    assert ending.verdict == "timeout"


def test_cancelling_is_heard_within_a_moment() -> None:
    cancel = threading.Event()
    threading.Timer(0.5, cancel.set).start()
    started = time.monotonic()
    ending, _ = follow("import time; time.sleep(60)", cancel=cancel)
    assert ending.verdict == "cancelled"
    assert time.monotonic() - started < 15


def test_output_is_told_as_it_comes() -> None:
    heard: list[tuple[Stream, bytes, float]] = []
    follow(
        "import time; print('one', flush=True); time.sleep(1); print('two', flush=True)",
        on_output=lambda stream, data: heard.append((stream, data, time.monotonic())),
    )
    assert [(stream, data) for stream, data, _ in heard] == [("stdout", b"one\n"), ("stdout", b"two\n")]
    assert heard[1][2] - heard[0][2] > 0.5


def test_a_listener_that_fails_ends_the_program() -> None:
    def fail(stream: Stream, data: bytes) -> None:
        raise RuntimeError("the terminal is gone")

    started = time.monotonic()
    with pytest.raises(RuntimeError, match="terminal is gone"):
        follow("import time; print('x', flush=True); time.sleep(60)", on_output=fail)
    assert time.monotonic() - started < 20


def test_checks_are_made_while_a_program_runs() -> None:
    answers = iter([None, None])
    ending, _ = follow("import time; time.sleep(60)", checks=[lambda: next(answers, Status.DISK_LIMIT)])
    assert ending.verdict == "disk_limit"
