"""Pairs from the user's own sessions and ghost text, on request, with secrets taken out."""

import json
from pathlib import Path

import pytest
from support.data_program import data
from support.teaching import files_hold

from demiurgic.agent.events import Answer, ApprovalAsked, ApprovalGiven, TurnEnd, TurnEnded, TurnStarted
from demiurgic.agent.sessions.shelf import Shelf, Start
from demiurgic.events import Finish, ReplyEnded
from demiurgic.messages import Assistant, ToolCall, Usage
from demiurgic.tools.protocol import TextView
from demiurgic_training.preferences.scrubbing import MASK, Scrubber

SECRETS = {
    "a known key": "0123456789-the-users-own-key",
    "OpenAI": "sk-proj-abcdefghij0123456789",
    "GitHub": "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "AWS": "AKIAIOSFODNN7EXAMPLE",
    "Google": "AIzaSyA1234567890abcdefghijklmnopqrstuv",
    "a token of JSON": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcDEF123_-x",
    "random letters": "q8Zx3LmT0vR7yKpN2wHs9JdF4bGc6AeU",
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_secrets_are_masked(secret):
    scrub = Scrubber(["0123456789-the-users-own-key"], Path("/home/ann")).text
    assert secret not in scrub(f"before {secret} behind")
    assert scrub(f"before {secret} behind").startswith("before ")
    assert scrub(f"before {secret} behind").endswith(" behind")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('password = "hunter22"', 'password = "[secret]"'),
        ("DB_PASSWORD=s3cretvalue", "DB_PASSWORD=[secret]"),
        ('"api_key": "not-a-known-form"', '"api_key": "[secret]"'),
        ("postgres://ann:pa55word@host/db", "postgres://[secret]@host/db"),
        ("Authorization: Bearer abcdef.ghijkl.mnopqr", "Authorization: Bearer [secret]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "[secret]"),
        ("see /home/ann/project", "see ~/project"),
    ],
)
def test_what_is_named_like_a_secret_is_one(text, masked):
    assert Scrubber(home=Path("/home/ann")).text(text) == masked


@pytest.mark.parametrize(
    "code",
    [
        'token = os.environ["TOKEN"]',
        "token = next(tokens)",
        "def reset_password(self, user: User) -> None: ...",
        "password: Optional[str] = None",
        "from demiurgic_training.preferences.scrubbing import Scrubber",
        "https://example.org/a/long/path/with/several/parts/index.html",
        "sha256 = hashlib.sha256(data).hexdigest()",
        "class VeryLongNameOfAnAbstractFactoryBean2: pass",
    ],
)
def test_code_stays_as_it_is(code):
    assert Scrubber(home=Path("/home/ann")).text(code) == code


def edit(id: str, new: str) -> Assistant:
    return Assistant(f"I change it to {new}.", "", (ToolCall(id, "edit", {"path": "a.py", "old": "x", "new": new}),))


def asked(message: Assistant, kind: str):
    call = message.calls[0]
    yield ReplyEnded(message, Finish.CALLS, Usage())
    yield ApprovalAsked(call, (), TextView("edits"), "edits a file")
    yield ApprovalGiven(call.id, Answer(kind))


def turn(text: str, *events):
    last = Assistant("Done.")
    return [
        TurnStarted(text),
        *events,
        ReplyEnded(last, Finish.STOP, Usage()),
        TurnEnded(TurnEnd.DONE, last, Usage(), 1),
    ]


def session(folder: Path):
    return Shelf(folder / "state", folder / "project").new(Start("the-model", "You help."))


def made(folder: Path, **more: str):
    done = data(folder, "pairs", "--from-use", "--out", "out", **more)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in (folder / "out" / "pairs.jsonl").read_text().splitlines()], done


def test_a_refused_edit_against_the_one_that_was_allowed(tmp_path):
    (tmp_path / "project").mkdir()
    one, other = edit("1", "key = 'sk-proj-abcdefghij0123456789'"), edit("2", "key = load()")
    with_session = session(tmp_path)
    with_session.saw(turn("Mend a.py", *asked(one, "deny"), *asked(other, "once")))
    with_session.close()
    [pair], _ = made(tmp_path)
    assert [message["role"] for message in pair["prompt"]] == ["system", "user"]
    assert pair["chosen"][0]["tool_calls"][0]["function"]["arguments"]["new"] == "key = load()"
    assert MASK in pair["rejected"][0]["tool_calls"][0]["function"]["arguments"]["new"]
    assert pair["chosen_model"] == "the-model"
    assert pair["confidence"] == 10
    assert not files_hold(tmp_path / "out", "sk-proj")


def test_an_edit_of_another_file_is_no_answer_to_a_refusal(tmp_path):
    (tmp_path / "project").mkdir()
    one, other = edit("1", "b"), Assistant("", "", (ToolCall("2", "edit", {"path": "b.py", "old": "x", "new": "c"}),))
    with_session = session(tmp_path)
    with_session.saw(turn("Mend a.py", *asked(one, "deny"), *asked(other, "once")))
    with_session.close()
    done = data(tmp_path, "pairs", "--from-use", "--out", "out")
    assert done.returncode == 2
    assert "no pairs are left" in done.stderr


def test_a_turn_taken_back_against_the_one_that_stayed(tmp_path):
    (tmp_path / "project").mkdir()
    with_session = session(tmp_path)
    for answer in ("A poor answer.", "A better answer."):
        said = Assistant(answer)
        with_session.saw(
            [
                TurnStarted("Explain it."),
                ReplyEnded(said, Finish.STOP, Usage()),
                TurnEnded(TurnEnd.DONE, said, Usage(), 1),
            ]
        )
        if "poor" in answer:
            with_session.undo()
    with_session.close()
    [pair], _ = made(tmp_path)
    assert pair["chosen"][0]["content"] == "A better answer."
    assert pair["rejected"][0]["content"] == "A poor answer."


def ghost(text: str, verdict: str, length: int = 0, left: str = "    return "):
    return {
        "at": 1.0, "language": "python", "above": "def f(x):\n", "left": left, "right": "", "below": "\n", "text": text,
        "verdict": verdict, "length": length,
    }  # fmt: skip


def test_ghost_text_makes_pairs_at_one_place_and_labels_elsewhere(tmp_path):
    folder = tmp_path / "state" / "ghost"
    folder.mkdir(parents=True)
    offers = [
        ghost("x + 1", "accepted"),
        ghost("x - 1", "rejected"),
        ghost("x * 2 + 9", "partial", 5, "    y = "),
        ghost("None", "rejected", left="    z = "),
    ]
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, offers)) + '\n{"verdict": "maybe"}\n')
    (tmp_path / "project").mkdir()
    session(tmp_path).close()
    pairs, done = made(tmp_path)
    assert [(pair["chosen"], pair["rejected"]) for pair in pairs] == [("x + 1", "x - 1"), ("x * 2", "x * 2 + 9")]
    assert "def f(x):\n    return <HOLE>" in pairs[0]["prompt"]
    labelled = [json.loads(line) for line in (tmp_path / "out" / "labelled.jsonl").read_text().splitlines()]
    assert [(each["completion"], each["label"]) for each in labelled] == [("None", False)]
    assert "unreadable: " in done.stdout
    assert "line 5" in done.stdout
