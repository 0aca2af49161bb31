"""The Python kernel in every kind of sandbox, and a worker that turned hostile."""

import threading
import time

import pytest
from support.sandboxes import Ground, long_time, running, soon_running

from demiurgic.errors import SandboxError
from demiurgic.sandbox.protocol import CellStatus

FORGED = "import os, sys; os.write(int(sys.argv[1]), {line!r}); import time; time.sleep(30)"


def test_what_a_cell_says_and_what_it_leaves_behind(ground: Ground) -> None:
    kernel = ground.open().kernel()
    first = kernel.cell("import sys\nx = 41\nprint('out')\nprint('err', file=sys.stderr)\nx + 1")
    assert (first.status, first.value, first.error) == (CellStatus.OK, "42", "")
    assert (first.stdout.text(), first.stderr.text()) == ("out\n", "err\n")
    assert kernel.cell("_ + x").value == "83"
    assert kernel.cell("y = 1").value == kernel.cell("None").value == kernel.cell("").value == ""


def test_errors_show_the_lines_of_cells_and_keep_the_state(ground: Ground) -> None:
    kernel = ground.open().kernel()
    kernel.cell("def broken():\n    return 1 / 0")
    failed = kernel.cell("x = 1\nbroken()")
    assert failed.status is CellStatus.ERROR
    assert failed.error.startswith("Traceback")
    assert "return 1 / 0" in failed.error
    assert failed.error.endswith("ZeroDivisionError: division by zero\n")
    assert "kernel_worker" not in failed.error
    assert kernel.cell("x").value == "1"
    assert "SyntaxError" in kernel.cell("1 +").error
    assert kernel.cell("raise SystemExit(3)").status is CellStatus.ERROR
    assert kernel.cell("x").value == "1"


def test_input_is_empty_and_programs_write_to_the_same_output(ground: Ground) -> None:
    kernel = ground.open().kernel()
    assert "EOFError" in kernel.cell("input()").error
    assert kernel.cell("import os; os.system('echo from a program')").stdout.text() == "from a program\n"
    assert kernel.cell("open('made', 'w').write('x')").value == "1"
    assert (ground.workspace / "made").read_text() == "x"


@pytest.mark.parametrize("endless", ["while True: pass", "import time; time.sleep(600)", "__import__('os').wait()"])
def test_a_cell_that_takes_too_long_is_interrupted_and_the_state_kept(ground: Ground, endless: str) -> None:
    kernel = ground.open().kernel()
    child = "import subprocess; child = subprocess.Popen(['sleep', '600'], start_new_session=True); x = 7"
    assert kernel.cell(child).status is CellStatus.OK
    stopped = kernel.cell(endless, wall=1.0)
    assert stopped.status is CellStatus.INTERRUPTED
    assert "longer than 1 s" in stopped.error
    assert kernel.cell("x").value == "7"


def test_a_cell_that_will_not_stop_is_killed_and_the_next_begins_anew(ground: Ground) -> None:
    kernel = ground.open().kernel()
    stubborn = "import signal\nx = 7\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    killed = kernel.cell(stubborn, wall=0.5)
    assert killed.status is CellStatus.DIED
    assert "variables are lost" in killed.error
    assert "NameError" in kernel.cell("x").error


def test_cancelling_interrupts(ground: Ground) -> None:
    kernel, cancel = ground.open().kernel(), threading.Event()
    threading.Timer(0.5, cancel.set).start()
    assert kernel.cell("import time; time.sleep(600)", cancel=cancel).status is CellStatus.INTERRUPTED
    assert kernel.cell("1").value == "1"


def test_an_interrupt_that_comes_too_late_harms_no_other_cell(ground: Ground) -> None:
    kernel = ground.open().kernel()
    for _ in range(10):  # each ends about when it is interrupted
        ended = kernel.cell("import time; time.sleep(0.1)", wall=0.1)
        assert ended.status in (CellStatus.OK, CellStatus.INTERRUPTED)
        assert kernel.cell("1 + 1").value == "2"


def test_restart_forgets_and_close_ends(ground: Ground) -> None:
    kernel = ground.open().kernel()
    kernel.cell("x = 1")
    kernel.restart()
    assert "NameError" in kernel.cell("x").error
    kernel.close()
    with pytest.raises(SandboxError):
        kernel.cell("1")


def test_a_kernel_outlives_the_thread_that_started_it(ground: Ground) -> None:
    sandbox, made = ground.open(), []
    thread = threading.Thread(target=lambda: made.append(sandbox.kernel()))
    thread.start()
    thread.join()
    made[0].cell("x = 1")
    time.sleep(0.5)
    assert made[0].cell("x").value == "1"


def test_processes_of_a_kernel_that_was_closed_are_gone(ground: Ground) -> None:
    kernel = ground.open().kernel()
    seconds = long_time()
    kernel.cell(f"import subprocess; child = subprocess.Popen(['sleep', '{seconds}'], start_new_session=True)")
    assert soon_running("sleep", seconds)
    kernel.close()
    assert not running("sleep", seconds)


def test_output_without_end_interrupts_the_cell(ground: Ground) -> None:
    kernel = ground.open().kernel()
    flood = kernel.cell("while True: print('x' * 1000)", wall=60)
    assert flood.status is CellStatus.INTERRUPTED
    assert "wrote too much" in flood.error
    assert flood.stdout.dropped > 1 << 20
    assert kernel.cell("1").value == "1"


def test_a_long_value_is_cut(ground: Ground) -> None:
    value = ground.open().kernel().cell("'x' * (50 << 20)").value
    assert 1 << 16 < len(value) < 1 << 19


@pytest.mark.parametrize("text", ["'\\ud800'", "'\\x00\\x1b[2J'", "'\\U0001f600'"])
def test_odd_characters_come_through(ground: Ground, text: str) -> None:
    cell = ground.open().kernel().cell(f"print({text})\n{text}")
    assert cell.status in (CellStatus.OK, CellStatus.ERROR)
    (cell.value + cell.error).encode()


def test_a_process_that_ends_in_a_cell(ground: Ground) -> None:
    kernel = ground.open().kernel()
    died = kernel.cell("x = 1\nprint('before', flush=True)\nimport os; os._exit(0)")
    assert (died.status, died.stdout.text()) == (CellStatus.DIED, "before\n")
    assert kernel.cell("1").value == "1"


def test_a_child_that_comes_back_from_a_cell_answers_nothing(ground: Ground) -> None:
    kernel = ground.open().kernel()
    assert kernel.cell("import os; child = os.fork(); 'parent' if child else 'child'").value == "'parent'"
    assert kernel.cell("os.wait()[1]").value == "0"


def test_functions_of_cells_reach_other_processes(ground: Ground) -> None:
    kernel = ground.open().kernel()
    code = "def double(n):\n    return 2 * n\nfrom concurrent.futures import ProcessPoolExecutor\n"
    cell = kernel.cell(f"{code}with ProcessPoolExecutor(1) as pool:\n    print(list(pool.map(double, [1, 2])))")
    if ground.kind == "landlock":  # no shared memory, so no such pool
        assert "PermissionError" in cell.error
    else:
        assert cell.stdout.text() == "[2, 4]\n", cell.error


@pytest.mark.parametrize(
    "line",
    [
        b"no json\n",
        b'{"cell": 1}\n',
        b'{"cell": "1", "status": "ok", "value": "", "error": ""}\n',
        b'{"cell": 1, "status": "fine", "value": "", "error": ""}\n',
        b'{"cell": 1, "status": "ok", "value": 5, "error": ""}\n',
        b'{"cell": 1, "status": ["ok"], "value": "", "error": ""}\n',
        b"[" * 100_000 + b"\n",
        b"9" * 100_000 + b"\n",
        b"\xff\xfe\n",
    ],
)
def test_replies_that_make_no_sense_are_the_kernel_s_death(ground: Ground, line: bytes) -> None:
    kernel = ground.open().kernel()
    forged = kernel.cell(FORGED.format(line=line), wall=20)
    assert forged.status is CellStatus.DIED
    assert kernel.cell("1").value == "1"


def test_a_reply_without_end_is_cut_off(ground: Ground) -> None:
    kernel = ground.open().kernel()
    endless = "import os, sys\nwhile True: os.write(int(sys.argv[1]), b'x' * 65536)"
    assert kernel.cell(endless, wall=60).status is CellStatus.DIED
    assert kernel.cell("1").value == "1"


def test_a_reply_for_another_cell_is_not_taken(ground: Ground) -> None:
    kernel = ground.open().kernel()
    line = b'{"cell": 2, "status": "ok", "value": "forged", "error": ""}\n'
    kernel.cell(f"import os, sys; os.write(int(sys.argv[1]), {line!r})")
    assert kernel.cell("'true'").value == "'true'"
