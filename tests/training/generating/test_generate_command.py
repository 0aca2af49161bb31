"""`demiurgic data generate`: budgets, shares, tests, a student, kills, and what is told of wrong input."""

import json
import re
import signal
import time
from collections import Counter
from decimal import Decimal

import pytest
from support.data_program import begun, data
from support.teaching import KEY, files_hold
from support.teaching_server import TeachingServer

CODE = "Here it is:\n\n```python\ndef answer(x):\n    return x\n```\n\nIt gives back what it was given, unchanged."


def write(text: str) -> str:
    """Tasks are asked for in words that no task has; everything else is a task."""
    if "Invent one task" in text or "Make another task" in text:
        return f"Write a function named `answer` that gives back its argument. Variation {abs(hash(text)) % 10**9}."
    return CODE


def rows(folder):
    return [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]


def url(server, name="m"):
    return f"{server.url}/v1#{name}"


def price(server, amount="3/15usd", name="m"):
    return ("--price", f"{url(server, name)}={amount}")


def test_tasks_and_answers_within_a_budget(tmp_path):
    with TeachingServer(write=write) as server:
        done = data(
            tmp_path, "generate", "--num-examples", 10, "--mix", url(server), *price(server), "--budget", "1usd",
            "--yes", "--out", "out", DEMIURGIC_API_KEY=KEY,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        made = rows(tmp_path / "out")
        assert len(made) == 10
        assert len(server.seen) == 20
        for row in made:
            assert row["messages"][0]["content"].startswith("Write a function named")
            assert row["messages"][1]["content"] == CODE
            assert row["meta"]["teacher"] == url(server)
            assert row["meta"]["source"].startswith("taxonomy: ")
        total = sum(Decimal(str(row["meta"]["cost"]["amount"])) for row in made)
        assert float(total) == pytest.approx(float(server.charged))
        report = json.loads((tmp_path / "out" / "report.json").read_text())
        assert Decimal(report["spent"]["USD"]) == server.charged
        assert "at most" in done.stderr
        assert not files_hold(tmp_path, KEY)
        assert KEY not in done.stdout + done.stderr


def test_two_teachers_share_the_work(tmp_path):
    with TeachingServer(write=write) as server:
        mix = f"{url(server, 'a')}:0.7,{url(server, 'b')}:0.3"
        done = data(
            tmp_path, "generate", "--num-examples", 20, "--mix", mix, *price(server, "0/0usd", "a"),
            *price(server, "0/0cny", "b"), "--yes", "--out", "out",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    teachers = Counter(row["meta"]["teacher"] for row in rows(tmp_path / "out"))
    assert teachers == {url(server, "a"): 14, url(server, "b"): 6}


def test_the_budget_ends_a_run_that_a_larger_one_goes_on_with(tmp_path):
    with TeachingServer(write=write) as server:
        command = ["generate", "--num-examples", 30, "--mix", url(server), *price(server), "--yes", "--out", "out"]
        command += ["--max-tokens", 200, "--parallel", 4]
        first = data(tmp_path, *command, "--budget", "0.08usd")
        assert first.returncode == 1
        assert "stopped early" in first.stderr
        assert "raise --budget" in first.stderr
        assert 0 < len(rows(tmp_path / "out")) < 30
        assert server.charged <= Decimal("0.08")
        asked = len(server.seen)
        second = data(tmp_path, *command, "--budget", "5usd")
        assert second.returncode == 0, second.stderr
        assert len(rows(tmp_path / "out")) == 30
        assert len(server.seen) == 60
        assert asked < 60


def test_killed_at_any_moment_it_goes_on_and_pays_for_nothing_twice(tmp_path):
    with TeachingServer(write=write, delay=0.05) as server:
        command = ["generate", "--num-examples", 60, "--mix", url(server), *price(server), "--budget", "9usd", "--yes"]
        command += ["--out", "out", "--parallel", 6]
        for _ in range(3):
            before = len(server.seen)
            child = begun(tmp_path, *command)
            deadline = time.monotonic() + 60
            while len(server.seen) < before + 15 and time.monotonic() < deadline:
                time.sleep(0.005)
            child.send_signal(signal.SIGKILL)
            child.communicate()
        time.sleep(0.2)
        lines = (tmp_path / "out" / "ledger.jsonl").read_bytes().split(b"\n")[:-1]
        known = {line["settled"] for line in map(json.loads, lines) if "answer" in line}
        here = len(server.seen)
        done = data(tmp_path, *command)
        assert done.returncode == 0, done.stderr
        assert len(rows(tmp_path / "out")) == 60
        assert len(server.seen) - here == 120 - len(known)
        assert len(server.seen) <= 120 + 3 * 6, "no more was asked again than was under way at a kill"
        assert f"{len(known)} answers are here already" in done.stderr


def test_many_questions_at_once_go_through_several_processes(tmp_path):
    with TeachingServer(write=write) as server:
        done = data(
            tmp_path, "generate", "--num-examples", 70, "--mix", url(server), *price(server), "--budget", "9usd",
            "--parallel", 64, "--yes", "--out", "out", DEMIURGIC_API_KEY=KEY,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert len(rows(tmp_path / "out")) == 70
        assert len(server.seen) == 140
        report = json.loads((tmp_path / "out" / "report.json").read_text())
        assert Decimal(report["spent"]["USD"]) == server.charged
        assert not files_hold(tmp_path, KEY)


def half_right(text: str) -> str:
    """Invents tasks with tests; the answer is right for every other task."""
    if "Invent one task" in text:
        number = abs(hash(text)) % 10**6
        told = {"task": f"Write `add_{number}`, which adds {number} to x.", "function": f"add_{number}"}
        return json.dumps(
            {**told, "tests": [f"assert add_{number}(1) == {number + 1}", f"assert add_{number}(0) > -1"]}
        )
    number = int(re.search(r"add_(\d+)", text)[1])
    wrong = 0 if number % 2 else 1
    return f"```python\ndef add_{number}(x):\n    return x + {number + wrong}\n```\nIt adds the number to what it gets."


def right(text: str) -> str:
    number = re.search(r"add_(\d+)", text)
    return (
        half_right(text) if "Invent" in text else half_right(text).replace(f"+ {int(number[1]) + 1}", f"+ {number[1]}")
    )


def test_the_student_goes_first_and_the_teacher_gets_what_it_fails(tmp_path):
    with TeachingServer(write=right) as teacher, TeachingServer(write=half_right) as student:
        done = data(
            tmp_path, "generate", "--num-examples", 12, "--mix", url(teacher), *price(teacher), "--budget", "1usd",
            "--student", url(student, "s"), *price(student, "0/0usd", "s"), "--student-tries", 2, "--yes",
            "--out", "out",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        made = rows(tmp_path / "out")
        assert len(made) == 12
        for row in made:
            number = int(re.search(r"add_(\d+)", row["messages"][0]["content"])[1])
            expected = url(teacher) if number % 2 == 0 else url(student, "s")
            assert row["meta"]["teacher"] == expected
            assert row["meta"]["verdicts"]["execution"]["outcome"] == "pass"
            assert row["meta"]["tests"].startswith("assert")
        failed = sum(row["meta"]["teacher"] == url(teacher) for row in made)
        answers = [each for each in teacher.seen if "Invent" not in each.text]
        assert len(answers) == failed, "the teacher answers only what the student fails"


def test_answers_that_fail_their_tests_and_tests_that_cannot_fail_are_dropped(tmp_path):
    tasks = [
        {"prompt": "Write add_4.", "entry_point": "add_4", "tests": "assert add_4(0) == 4"},
        {"prompt": "Write add_5.", "entry_point": "add_5", "tests": "assert add_5(0) == 5"},
        {"prompt": "Write add_7.", "entry_point": "add_7", "tests": "assert callable(add_7)"},
    ]
    (tmp_path / "tasks.jsonl").write_text("\n".join(map(json.dumps, tasks)))
    with TeachingServer(write=half_right) as server:
        done = data(
            tmp_path, "generate", "--num-examples", 9, "--tasks", "tasks.jsonl", "--mix", url(server),
            *price(server, "0/0usd"), "--yes", "--out", "out",
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [row["meta"]["entry_point"] for row in rows(tmp_path / "out")] == ["add_5"]
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["dropped"] == {"tests: assertion": 1, "tests: cannot fail": 1}


def test_batches_take_half_and_go_on_after_a_kill(tmp_path):
    with TeachingServer(write=write) as server:
        prices = f'[[model]]\nname = "{url(server)}"\ncurrency = "USD"\ninput = 3\noutput = 15\nbatch = "0.5"\n'
        (tmp_path / "prices.toml").write_text(prices)
        server.looks_needed = 10**9
        command = ["generate", "--num-examples", 5, "--mix", url(server), "--prices", "prices.toml", "--batch"]
        command += ["--budget", "1usd", "--yes", "--out", "out", "--poll", "0.05"]
        child = begun(tmp_path, *command)
        deadline = time.monotonic() + 60
        while not any(batch.looks for batch in server.batches.values()) and time.monotonic() < deadline:
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        server.looks_needed = 1
        done = data(tmp_path, *command)
        assert done.returncode == 0, done.stderr
        assert len(rows(tmp_path / "out")) == 5
        assert [len(batch.asked) for batch in server.batches.values()] == [5, 5]
        assert not server.seen


def told(done, *words):
    assert done.returncode == 2, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("demiurgic: ")]
    assert len(lines) == 1
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--mix", "anthropic"], ["ANTHROPIC_API_KEY is not set", "export"]),
        (["--mix", "openai:gpt-6-sol"], ["OPENAI_API_KEY is not set"]),
        (["--mix", "http://127.0.0.1:9/v1#m"], ["price of http://127.0.0.1:9/v1#m is not known", "--price"]),
        (["--mix", "no-such-model"], ["no-such-model"]),
        (["--mix", "a:0.5,b"], ["no share"]),
        (["--budget=-5usd"], ["no amount"]),
        (["--budget", "0usd"], ["buys nothing"]),
        (["--num-examples", "0"], ["at least 1"]),
        (["--tasks", "nowhere.txt"], ["nowhere.txt"]),
        (["--tasks", "folder"], ["is a folder"]),
        (["--snippets", "folder"], ["holds no code"]),
        (["--prices", "nowhere.toml"], ["cannot be read"]),
        (["--seeds", "snippets:1"], ["--snippets"]),
        (["--evolutions", "nowhere.toml"], ["--evolve"]),
        (["--temperature", "9"], ["from 0 to 2"]),
    ],
)
def test_wrong_input_is_one_line_with_the_next_step(tmp_path, arguments, words):
    (tmp_path / "folder").mkdir()
    told(data(tmp_path, "generate", "--num-examples", 3, "--yes", *arguments), *words)


def test_nothing_is_asked_before_somebody_agreed(tmp_path):
    with TeachingServer() as server:
        done = data(tmp_path, "generate", "--num-examples", 3, "--mix", url(server), *price(server))
        told(done, "add --yes")
        assert not server.seen


def test_an_estimate_asks_nobody_and_leaves_nothing_behind(tmp_path):
    with TeachingServer() as server:
        done = data(
            tmp_path, "generate", "--num-examples", 3, "--mix", url(server), *price(server), "--budget", "5usd",
            "--dry-run", "--yes",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "budget: 5.00 USD" in done.stderr
        assert "nothing spent" in done.stdout
        assert not server.seen
    assert not (tmp_path / "generated").exists()


def test_a_currency_without_a_budget_is_told(tmp_path):
    with TeachingServer() as server:
        done = data(
            tmp_path, "generate", "--num-examples", 3, "--mix", url(server), *price(server, "3/15cny"), "--budget",
            "5usd", "--yes",
        )  # fmt: skip
        told(done, "CNY", "--budget 10cny")
        assert not server.seen


def test_nothing_left_after_filters_is_told(tmp_path):
    with TeachingServer(write=lambda text: "I'm sorry, but I can't help with that.") as server:
        (tmp_path / "tasks.txt").write_text("Sort a list.\n")
        done = data(
            tmp_path, "generate", "--num-examples", 1, "--tasks", "tasks.txt", "--mix", url(server),
            *price(server, "0/0usd"), "--yes", "--out", "out",
        )  # fmt: skip
        told(done, "no example is left")


def test_a_folder_belongs_to_one_run(tmp_path):
    with TeachingServer(write=write) as server:
        command = ["generate", "--num-examples", 2, "--mix", url(server), *price(server, "0/0usd"), "--yes"]
        assert data(tmp_path, *command, "--out", "out").returncode == 0
        told(data(tmp_path, *command, "--out", "out", "--seed", 7), "another run", "--out")


def test_a_wrong_key_ends_the_run_at_once(tmp_path):
    with TeachingServer(lambda text, number: "401") as server:
        done = data(
            tmp_path, "generate", "--num-examples", 50, "--mix", url(server), *price(server), "--yes", "--parallel", 4,
            DEMIURGIC_API_KEY=KEY,
        )  # fmt: skip
        assert done.returncode == 1
        assert "did not accept the key" in done.stderr
        assert len(server.seen) <= 8
        assert KEY not in done.stdout + done.stderr
        assert not files_hold(tmp_path, KEY)


def test_ctrl_c_is_130_and_goes_on(tmp_path):
    with TeachingServer(write=write, delay=0.2) as server:
        command = ["generate", "--num-examples", 20, "--mix", url(server), *price(server), "--yes", "--out", "out"]
        command += ["--parallel", 2]
        child = begun(tmp_path, *command)
        deadline = time.monotonic() + 60
        while len(server.seen) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
        assert child.returncode == 130, err
        server.delay = 0
        done = data(tmp_path, *command)
        assert done.returncode == 0, done.stderr
        assert len(server.seen) <= 40 + 2
