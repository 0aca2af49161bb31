"""`demiurgic train` as its users meet it: programs that are stopped, killed, resumed, and launched together."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from rich.console import Console
from support.small_runs import Ear

from demiurgic.cli import main
from demiurgic.errors import UserError
from demiurgic_training.tuning.board import board, step_line
from demiurgic_training.tuning.events import Began, Ended, Evaluation, Sample, Saved, Step
from demiurgic_training.tuning.folder import RunFolder
from demiurgic_training.tuning.reading import read_recipe
from demiurgic_training.tuning.running import train

STEPS = 90
LAUNCH = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes=2", "--num_machines=1")
LAUNCH += ("--mixed_precision=no", "--dynamo_backend=no", "--main_process_port=0")


@contextmanager
def started(arguments: Sequence[str], launcher: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    """`demiurgic train` with one thread, whose results do not depend on how many there are."""
    command = [sys.executable, *launcher, "-m", "demiurgic", "train", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, text=True, stdout=-1, stderr=-1, env=environment) as program:
        try:
            yield program
        finally:
            program.kill()


def steps_in(folder: RunFolder) -> dict[int, float]:
    """The losses in a log. Where a step was done twice, the second time counts."""
    lines = folder.log.read_text().splitlines(keepends=True) if folder.log.exists() else []
    events = [json.loads(line) for line in lines if line.endswith("\n")]
    return {event["step"]: event["loss"] for event in events if event["kind"] == "step"}


def wait_for(step: int, folder: RunFolder, program: subprocess.Popen[str]) -> None:
    while max(steps_in(folder), default=0) < step:
        assert program.poll() is None, program.communicate()
        time.sleep(0.02)


def in_process(out: Path, *overrides: str) -> dict[int, float]:
    """The losses of an unbroken run."""
    ear, threads = Ear(), torch.get_num_threads()
    torch.set_num_threads(1)
    train(read_recipe(Path("tiny-glm"), [f"out={out}", *overrides]), hear=ear)
    torch.set_num_threads(threads)
    return ear.losses


def test_threads_give_up_their_cores_soon_and_libraries_keep_quiet():
    environment = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"}
    done = subprocess.run(
        [sys.executable, "-m", "demiurgic", "train", "tiny-glm", "--dry-run"],
        env=environment | {"OMP_DISPLAY_ENV": "verbose"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "GOMP_SPINCOUNT = '1000'" in done.stderr
    assert "pip install" not in done.stderr


def test_a_folder_that_is_not_there_is_named_where_the_hub_does_not_answer_either(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "demiurgic", "train", "tiny-glm", "model=checkpoints/small", "--dry-run"],
        cwd=tmp_path,
        env=os.environ | {"HF_ENDPOINT": "http://127.0.0.1:1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("demiurgic: there is no folder checkpoints/small, and it cannot be fetched"), done


def test_stopped_killed_and_resumed_it_ends_as_if_nothing_had_been(tmp_path: Path):
    folder = RunFolder(tmp_path / "run")
    settings = [f"optimiser.steps={STEPS}", "running.save_every=10", "running.sample_every=null"]
    arguments = ["tiny-glm", f"out={folder.path}", *settings]
    with started(arguments) as program:
        wait_for(12, folder, program)
        program.send_signal(signal.SIGTERM)
        _, said = program.communicate()
    assert program.returncode == 130, said
    assert "stopped at step" in said
    assert json.loads(folder.state.read_text())["stage"] == "stopped"
    with started([*arguments, "--resume"]) as program:
        wait_for(max(steps_in(folder)) + 15, folder, program)
        program.kill()
        program.communicate()
    standing = json.loads(folder.state.read_text())
    assert (standing["stage"], standing["pid"]) == ("running", program.pid)
    with started([*arguments, "--resume"]) as program:
        printed, said = program.communicate()
    assert program.returncode == 0, said
    assert printed == f"model: {folder.model}\n"
    assert "goes on behind step" in said
    whole = in_process(tmp_path / "whole", *settings)
    assert steps_in(folder) == pytest.approx(whole, abs=1e-6)


def test_two_processes_learn_what_one_does_with_twice_the_batch(tmp_path: Path):
    folder = RunFolder(tmp_path / "run")
    settings = ["optimiser.steps=300", "running.sample_every=null"]
    with started(["tiny-glm", f"out={folder.path}", "optimiser.batch=4", *settings], LAUNCH) as program:
        wait_for(8, folder, program)
        program.send_signal(signal.SIGTERM)
        _, said = program.communicate()
    assert program.returncode != 0
    assert said.count("parameters move") == 1, said
    assert json.loads(folder.state.read_text())["stage"] == "stopped"
    last = max(steps_in(folder))
    names = {path.name for path in (folder.checkpoints / f"checkpoint-{last}").iterdir()}
    assert {"rng_state_0.pth", "rng_state_1.pth", "origin.json"} <= names
    lines = [json.loads(line) for line in folder.log.read_text().splitlines()]
    assert [line["step"] for line in lines if line["kind"] == "step"] == list(range(1, last + 1))
    with pytest.raises(UserError, match="processes was 2 and is 1"):
        train(
            read_recipe(Path("tiny-glm"), [f"out={folder.path}", "optimiser.batch=4", *settings]),
            resume=True,
            hear=Ear(),
        )
    # The learning rate rises and falls with the number of steps, so that the one process has to have as many before it.
    ear = Ear({8: lambda: os.kill(os.getpid(), signal.SIGINT)})
    with pytest.raises(KeyboardInterrupt):
        train(read_recipe(Path("tiny-glm"), [f"out={tmp_path / 'one'}", "optimiser.batch=8", *settings]), hear=ear)
    assert {step: steps_in(folder)[step] for step in range(1, 9)} == pytest.approx(
        {step: ear.losses[step] for step in range(1, 9)}, rel=1e-4
    )


def test_it_describes_its_keys(capsys: pytest.CaptureFixture[str]):
    assert main(["train", "--describe"]) == 0
    assert "learning_rate" in json.loads(capsys.readouterr().out)["properties"]["optimiser"]["properties"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "there is no recipe"),
        (["no-such-preset"], "no file no-such-preset"),
        (["tiny-glm", "optimiser.lerning_rate=1"], "learning_rate"),
        (["tiny-glm", "weights.kind=ptuning", "model=x/y"], "--yes"),
        (["tiny-glm", "running.seed=4294967296"], "at most 2,147,483,647; running.seed"),
        (["tiny-glm", "--dry-run", "optimiser.batch=99999999999999999999"], "at most 2,147,483,647; optimiser.batch"),
        (["tiny-glm", "--dry-run", "method=kto", "optimiser.batch=1"], "optimiser.batch=2"),
        (["tiny-glm", "--dry-run", "data.train=empty.jsonl"], "holds no rows; demiurgic data convert"),
        (["tiny-glm", "--dry-run", "data.train=odd.jsonl"], "holds no row that could be learned"),
        (["tiny-glm", "data.train=odd.jsonl"], "1 of 1 rows cannot be read as rows"),
        (["tiny-glm", "data.train=/dev/zero"], "/dev/zero is a device"),
        (["tiny-glm", "out=odd.jsonl"], "odd.jsonl cannot be the folder of a run: File exists; name another folder"),
        (["tiny-glm", "out=odd.jsonl/run"], "odd.jsonl/run cannot be the folder of a run: Not a directory"),
    ],
)
def test_wrong_input_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.jsonl").write_text("\n")
    (tmp_path / "odd.jsonl").write_text('{"odd": 1}\n')
    assert main(["train", *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "--yes" in said or told.count("\n") == 1


def test_libraries_are_not_heard(tmp_path: Path):
    """Some of them warn where the processor could do more with a package that is not there."""
    command = [sys.executable, "-m", "demiurgic", "train", "tiny-glm", "--dry-run", f"out={tmp_path}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""


STEP = Step(
    step=4321,
    steps=5000,
    epoch=1.5,
    loss=12.3456,
    learning_rate=2e-4,
    gradient=1.0,
    tokens_per_second=12345.6,
    peak_memory=1,
    seconds=4000.0,
)
EVENTS = [
    Began(0, 5000, "sft qlora", "THUDM/GLM-4-9B-0414", "NVIDIA H200", 190_400_000, 9_400_000_000, 12_000),
    Evaluation(3, 1.23456, True),
    Sample(4, "What is 1?", "[It] is 1."),
    Saved(4, "/runs/x/checkpoints/checkpoint-4"),
    STEP,
    Ended(4321, "stopped"),
]


def shown(*, terminal: bool) -> str:
    screen = Console(file=io.StringIO(), force_terminal=terminal, width=60, highlight=False, color_system=None)
    with board(screen) as show:
        for event in EVENTS:
            show(event)
    return screen.file.getvalue()  # type: ignore[attr-defined]


def test_a_narrow_terminal_has_room_for_a_step():
    text = shown(terminal=True)
    assert "4321/5000 loss 12.346 lr 2e-04 12.3k tok/s 10 min left" in text
    moving = next(line for line in text.replace("\r", "\n").splitlines() if "tok/s" in line)
    assert len(moving.partition("\x1b[2K")[2] or moving) <= 60
    assert "[It] is 1." in text


def test_elsewhere_there_are_plain_lines():
    text = shown(terminal=False)
    assert "\x1b" not in text
    assert "step 4321/5000 loss 12.346 lr 2e-04 12.3k tok/s 10 min left\n" in text
    assert "step 3: validation loss 1.2346, the best so far\n" in text
    assert "stopped at step 4321" in text


def test_time_left_counts_from_where_the_run_went_on():
    assert "11 s left" in step_line(Step(90, 100, 1, 1, 1, 1, 1, 1, 44.0), since=50)
