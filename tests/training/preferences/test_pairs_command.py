"""`demiurgic data pairs`: judged in both orders without names, decided by tests, and counted honestly."""

import csv
import json
import re
import signal
import time
from collections import Counter

import pytest
from support.data_program import begun, data
from support.teaching import KEY, files_hold
from support.teaching_server import TeachingServer

COLUMNS = [
    "topic",
    "prompt",
    "chosen",
    "rejected",
    "chosen_model",
    "rejected_model",
    "judgment_reasoning",
    "confidence",
]
TOPICS = "\n".join(f"topic {number}" for number in range(6))


def good(text: str) -> str:
    return "A careful answer, with a reason for what it says."


def bad(text: str) -> str:
    return "A hasty answer, which says nothing of any reason."


def shown(text: str) -> tuple[str, str]:
    """Both answers as a judge reads them."""
    first, second = re.findall(r"<(?:first|second)-\w+>\n(.*?)\n</", text, re.DOTALL)
    return first, second


def fair(text: str) -> str:
    first, _ = shown(text)
    choice = "first" if first == good("") else "second"
    return json.dumps(
        {"reason": f"The {choice} gives a reason.", "better": choice, "confidence": 8 if choice == "first" else 6}
    )


def partial_to_the_first(text: str) -> str:
    return json.dumps({"reason": "It comes first.", "better": "first", "confidence": 9})


def url(server, name="m"):
    return f"{server.url}/v1#{name}"


def judged(folder, judge, *more):
    (folder / "topics.txt").write_text(TOPICS)
    with TeachingServer(write=good) as one, TeachingServer(write=bad) as other, TeachingServer(write=judge) as third:
        models = f"{url(one, 'secret-name-a')},{url(other, 'secret-name-b')}"
        prices = [
            f"{url(one, 'secret-name-a')}=1/2usd",
            f"{url(other, 'secret-name-b')}=1/2usd",
            f"{url(third)}=1/2usd",
        ]
        done = data(
            folder, "pairs", "--prompts", "topics.txt", "--template", "Write an essay on {topic}.", "--models", models,
            "--judge", url(third), *[word for price in prices for word in ("--price", price)], "--budget", "1usd",
            "--yes", "--out", "out", *more, DEMIURGIC_API_KEY=KEY,
        )  # fmt: skip
        return done, one, third


def test_who_wins_in_both_orders_is_chosen(tmp_path):
    done, one, judge = judged(tmp_path, fair)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out" / "pairs.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (tmp_path / "out" / "pairs.jsonl").read_text().splitlines()]
    assert list(table[0]) == list(lines[0]) == COLUMNS
    assert len(table) == len(lines) == 6
    for row, line in zip(table, lines, strict=True):
        assert (row["chosen"], row["rejected"]) == (line["chosen"], line["rejected"]) == (good(""), bad(""))
        assert line["prompt"] == f"Write an essay on {line['topic']}."
        assert line["chosen_model"] == url(one, "secret-name-a")
        assert line["confidence"] == 6, "no more than in either order"
        assert "The first gives a reason." in line["judgment_reasoning"]
        assert "The second gives a reason." in line["judgment_reasoning"]
    assert len(judge.seen) == 12
    assert not any("secret-name" in json.dumps(each.body) for each in judge.seen)
    orders = Counter(shown(each.text)[0] == good("") for each in judge.seen)
    assert orders == {True: 6, False: 6}
    assert not files_hold(tmp_path, KEY)


def test_a_judge_that_prefers_a_place_decides_nothing(tmp_path):
    done, _, _ = judged(tmp_path, partial_to_the_first)
    assert done.returncode == 2
    assert "no pairs are left" in done.stderr
    assert re.search(r"6 flip", done.stdout)


@pytest.mark.parametrize(
    "said",
    [
        "I like the first.",
        '{"better": "first"}',
        '{"reason": "", "better": "both", "confidence": 3}',
        '{"reason": "", "better": "first", "confidence": 11}',
    ],
)
def test_what_is_no_judgement_is_counted_apart(tmp_path, said):
    def judge(text: str) -> str:
        return said if "topic 0." in text else fair(text)

    done, _, _ = judged(tmp_path, judge)
    assert done.returncode == 0, done.stderr
    assert re.search(r"1 invalid", done.stdout)
    assert re.search(r"pairs +5", done.stdout)


def test_a_second_start_asks_nothing_again(tmp_path):
    (tmp_path / "topics.txt").write_text(TOPICS)
    with TeachingServer(write=good) as one, TeachingServer(write=bad) as other, TeachingServer(write=fair) as third:
        command = ["pairs", "--prompts", "topics.txt", "--models", f"{url(one)},{url(other)}", "--judge", url(third)]
        for server in (one, other, third):
            command += ["--price", f"{url(server)}=0/0usd"]
        first = data(tmp_path, *command, "--yes", "--out", "out")
        pairs = (tmp_path / "out" / "pairs.jsonl").read_text()
        counts = [len(server.seen) for server in (one, other, third)]
        again = data(tmp_path, *command, "--yes", "--out", "out")
        assert (first.returncode, again.returncode) == (0, 0)
        assert [len(server.seen) for server in (one, other, third)] == counts == [6, 6, 12]
        assert (tmp_path / "out" / "pairs.jsonl").read_text() == pairs


def test_ctrl_c_waits_for_no_answer(tmp_path):
    (tmp_path / "topics.txt").write_text(TOPICS)
    with TeachingServer(delay=60) as server:
        price = f"{url(server)}=0/0usd"
        child = begun(
            tmp_path, "pairs", "--prompts", "topics.txt", "--models", url(server), "--samples", 2, "--judge",
            url(server), "--price", price, "--yes", "--out", "out",
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while not server.seen and time.monotonic() < deadline:
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
        assert child.returncode == 130, err


def test_a_judge_that_takes_no_schema_is_asked_in_words(tmp_path):
    (tmp_path / "topics.txt").write_text("one topic")
    with TeachingServer(write=good) as one, TeachingServer(write=bad) as other, NoSchema(write=fair) as third:
        command = ["pairs", "--prompts", "topics.txt", "--models", f"{url(one)},{url(other)}", "--judge", url(third)]
        for server in (one, other, third):
            command += ["--price", f"{url(server)}=0/0usd"]
        done = data(tmp_path, *command, "--yes", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert len(third.seen) == 4


class NoSchema(TeachingServer):
    """Refuses every other question, which is the one with a schema, as servers do that know none."""

    def __init__(self, **more) -> None:
        super().__init__(treat=lambda text, number: "ok", **more)
        asked: set[str] = set()

        def treat(text: str, number: int) -> str:
            fresh = text not in asked
            asked.add(text)
            return "400" if fresh else "ok"

        self.treat = treat


def test_tests_decide_without_a_judge(tmp_path):
    tasks = [
        {"prompt": "Write inc.", "entry_point": "inc", "tests": "assert inc(1) == 2"},
        {"prompt": "Write dec.", "entry_point": "dec", "tests": "assert dec(1) == 0"},
        {"prompt": "Write same.", "entry_point": "same", "tests": "assert same(1) == 1"},
    ]
    (tmp_path / "tasks.jsonl").write_text("\n".join(map(json.dumps, tasks)))
    right = {"inc": "x + 1", "dec": "x - 1", "same": "x"}
    wrong = {"inc": "x + 2", "dec": "x - 1", "same": "None"}

    def writer(bodies):
        def write(text: str) -> str:
            name = re.search(r"Write (\w+)", text)[1]
            return f"```python\ndef {name}(x):\n    return {bodies[name]}\n```"

        return write

    with TeachingServer(write=writer(right)) as one, TeachingServer(write=writer(wrong)) as other:
        done = data(
            tmp_path, "pairs", "--prompts", "tasks.jsonl", "--models", f"{url(one)},{url(other)}", "--by-tests",
            "--price", f"{url(one)}=0/0usd", "--price", f"{url(other)}=0/0usd", "--yes", "--out", "out",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        lines = [json.loads(line) for line in (tmp_path / "out" / "pairs.jsonl").read_text().splitlines()]
        assert [line["prompt"] for line in lines] == ["Write inc.", "Write same."]
        assert all(line["chosen_model"] == url(one) for line in lines)
        assert re.search(r"1 the same", done.stdout)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing to make pairs of"),
        (["--prompts", "t.txt", "--models", "a,b"], "somebody must say"),
        (["--prompts", "t.txt", "--models", "a,b", "--judge", "j", "--by-tests"], "somebody must say"),
        (["--prompts", "t.txt", "--models", "a", "--judge", "j"], "two answers"),
        (["--prompts", "gone.txt", "--models", "a,b", "--judge", "j"], "gone.txt"),
        (["--prompts", "t.txt", "--models", "a,b", "--by-tests"], "has tests"),
        (["--prompts", "t.txt", "--models", "a,b", "--judge", "j", "--template", "x"], "{topic}"),
        (["--from-use", "--judge", "j"], "asks no models"),
        (["--from-use"], "no sessions"),
    ],
)
def test_wrong_input_is_one_line_with_the_next_step(tmp_path, arguments, words):
    (tmp_path / "t.txt").write_text("one\n")
    done = data(tmp_path, "pairs", "--yes", *arguments)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_estimate_asks_nobody_and_leaves_nothing_behind(tmp_path):
    done, one, judge = judged(tmp_path, fair, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "budget: 1.00 USD" in done.stderr
    assert not one.seen
    assert not judge.seen
    assert not (tmp_path / "out").exists()
    done = data(tmp_path, "pairs", "--from-use", "--dry-run")
    assert (done.returncode, done.stdout) == (0, "--from-use asks no models: it costs nothing\n")
