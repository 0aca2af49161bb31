"""Rules that outlive a session: kept outside of the project, never widened by it, never half written."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demiurgic.agent.events import Answer
from demiurgic.agent.judging import Allowed, Asks, Denied
from demiurgic.agent.permissions.permissions import Permissions
from demiurgic.agent.permissions.rule_files import PROJECT_FILE, load_rules, remember, rules_file
from demiurgic.agent.permissions.rules import Rule
from demiurgic.errors import ConfigError, UserError
from demiurgic.modes import Mode
from demiurgic.tools.protocol import Effect, EffectKind

RUN, WRITE = EffectKind.RUN, EffectKind.WRITE


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def project_rules(root: Path, text: str) -> None:
    (root / PROJECT_FILE).parent.mkdir(exist_ok=True)
    (root / PROJECT_FILE).write_text(text)


_PRINTABLE = st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" ")
WORDS = st.text(_PRINTABLE, min_size=1, max_size=12) | st.just("\x7f")
RULES = st.builds(
    Rule, st.sampled_from(["allow", "ask", "deny"]), WORDS, command=st.lists(WORDS, min_size=1).map(tuple)
) | (st.builds(Rule, st.sampled_from(["allow", "ask", "deny"]), WORDS, path=WORDS))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(RULES, max_size=4, unique=True))
def test_rules_come_back_as_they_were(root: Path, state: Path, rules: list[Rule]):
    rules_file(state, root).unlink(missing_ok=True)
    remember(state, root, tuple(rules))
    remember(state, root, tuple(rules[:1]))
    assert load_rules(state, root).user == tuple(rules)


def test_rules_are_kept_outside_of_the_project_and_for_it_alone(root: Path, state: Path, tmp_path: Path):
    remember(state, root, (Rule("allow", "shell", command=("ls",)),))
    assert not list(root.iterdir())
    assert rules_file(state, root).is_relative_to(state)
    assert load_rules(state, tmp_path).user == ()


def test_a_project_may_forbid_and_not_allow(root: Path, state: Path):
    project_rules(root, '[[rule]]\ndecision = "deny"\ntool = "*"\npath = "/secret/"\n')
    permissions = Permissions(state, root, Mode.ALL, "namespace")
    assert isinstance(permissions.judge("write", [Effect(WRITE, "secret/a")]), Denied)
    assert permissions.judge("write", [Effect(WRITE, "open/a")]) == Allowed()
    project_rules(root, '[[rule]]\ndecision = "allow"\ntool = "shell"\ncommand = ["rm"]\n')
    with pytest.raises(ConfigError, match="may not do"):
        Permissions(state, root, Mode.ASK, "namespace")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[rule]", "cannot be read"),
        ("\x00", "cannot be read"),
        ("x = 1", "something else than rules"),
        ("rule = 1", "something else than rules"),
        ("rule = [1]", "no table"),
        ("[[rule]]\n", "no `decision`"),
        ('[[rule]]\ndecision = "maybe"\n', "no `decision`"),
        ('[[rule]]\ndecision = "deny"\n', "names no `tool`"),
        ('[[rule]]\ndecision = "deny"\ntool = "a"\n', "exactly one"),
        ('[[rule]]\ndecision = "deny"\ntool = "a"\npath = "x"\nhost = "y"\n', "exactly one"),
        ('[[rule]]\ndecision = "deny"\ntool = "a"\ncommand = "rm"\n', "list of words"),
        ('[[rule]]\ndecision = "deny"\ntool = "a"\npath = 1\n', "not understood"),
        ('[[rule]]\ndecision = "deny"\ntool = "a"\npath = "x"\nmode = "all"\n', "not understood: mode"),
        ('[[rule]]\ndecision = "deny"\ntool = "a"\nline = "x"\n', "not understood: line"),
    ],
)
def test_rules_that_are_not_understood_stop_everything(root: Path, state: Path, text: str, problem: str):
    project_rules(root, text)
    with pytest.raises(ConfigError, match=problem):
        load_rules(state, root)
    (root / PROJECT_FILE).unlink()
    rules_file(state, root).write_text(text)
    with pytest.raises(ConfigError, match=problem):
        load_rules(state, root)
    with pytest.raises(ConfigError, match=problem):
        remember(state, root, (Rule("allow", "shell", command=("ls",)),))
    assert rules_file(state, root).read_text() == text


def test_what_the_user_answers_holds_as_long_as_they_said(root: Path, state: Path):
    permissions = Permissions(state, root, Mode.ASK, "namespace")
    ls, both = [Effect(RUN, "ls -l")], [Effect(RUN, "ls -l && pwd")]
    permissions.learn("shell", ls, Answer("once"))
    permissions.learn("shell", ls, Answer("deny"))
    assert isinstance(permissions.judge("shell", ls), Asks)
    permissions.learn("shell", both, Answer("session"))
    assert permissions.judge("shell", both) == Allowed()
    assert isinstance(permissions.judge("shell", ls), Asks)
    assert isinstance(Permissions(state, root, Mode.ASK, "namespace").judge("shell", both), Asks)
    permissions.learn("shell", ls, Answer("always"))
    assert permissions.judge("shell", ls) == Allowed()
    later = Permissions(state, root, Mode.ASK, "namespace")
    assert later.judge("shell", ls) == Allowed()
    assert later.judge("shell", [Effect(RUN, "ls -l src")]) == Allowed()
    assert isinstance(later.judge("shell", [Effect(RUN, "ls -l; rm x")]), Asks)
    assert isinstance(later.judge("python", ls), Asks)


def test_always_where_it_was_not_offered_settles_nothing(root: Path, state: Path):
    permissions = Permissions(state, root, Mode.ASK, "namespace")
    for effects in ([Effect(RUN, "rm -rf .git")], [Effect(WRITE, ".git/config")], [Effect(RUN, "ls && pwd")]):
        permissions.learn("shell", effects, Answer("always"))
        assert isinstance(permissions.judge("shell", effects), Asks)
    protected = [Effect(WRITE, "a"), Effect(WRITE, "AGENTS.md")]
    permissions.learn("write", protected, Answer("session"))
    assert isinstance(permissions.judge("write", protected), Asks)
    assert not rules_file(state, root).exists()


def test_a_file_that_is_always_allowed_is_that_file_alone(root: Path, state: Path):
    permissions = Permissions(state, root, Mode.ASK, "namespace")
    permissions.learn("edit", [Effect(WRITE, "a/*.py")], Answer("always"))
    assert permissions.judge("edit", [Effect(WRITE, "a/*.py")]) == Allowed()
    assert isinstance(permissions.judge("edit", [Effect(WRITE, "a/b.py")]), Asks)
    assert isinstance(permissions.judge("edit", [Effect(WRITE, "x/a/*.py")]), Asks)


def test_the_mode_is_set_by_the_user_and_not_beyond_the_sandbox(root: Path, state: Path):
    permissions = Permissions(state, root, Mode.PLAN, "process")
    assert isinstance(permissions.judge("edit", [Effect(WRITE, "a")]), Denied)
    permissions.set_mode(Mode.EDITS)
    assert permissions.judge("edit", [Effect(WRITE, "a")]) == Allowed()
    with pytest.raises(UserError, match="sandbox"):
        permissions.set_mode(Mode.ALL)
    assert permissions.mode is Mode.EDITS
    with pytest.raises(UserError, match="sandbox"):
        Permissions(state, root, Mode.ALL, "process")


def test_our_own_settings_are_guarded_where_they_lie_in_the_workspace(tmp_path: Path):
    permissions = Permissions(tmp_path / ".local/state/demiurgic", tmp_path, Mode.ALL, "namespace")
    for path in (".local/state/demiurgic/projects/x/rules.toml", ".LOCAL/State/demiurgic"):
        assert isinstance(permissions.judge("write", [Effect(WRITE, path)]), Asks)
    assert isinstance(permissions.judge("shell", [Effect(RUN, "tee .local/state/demiurgic/x")]), Asks)


def test_two_processes_lose_none_of_each_others_rules(root: Path, state: Path):
    body = f"""
import sys
from pathlib import Path
from demiurgic.agent.permissions.rule_files import remember
from demiurgic.agent.permissions.rules import Rule
for number in range(15):
    remember(Path({str(state)!r}), Path({str(root)!r}), (Rule("allow", "shell", command=(sys.argv[1], str(number))),))
"""
    children = [subprocess.Popen([sys.executable, "-c", body, name]) for name in ("a", "b")]
    assert [child.wait() for child in children] == [0, 0]
    assert len(load_rules(state, root).user) == 30


def test_answers_from_several_threads_are_all_kept(root: Path, state: Path):
    permissions = Permissions(state, root, Mode.ASK, "namespace")
    effects = [[Effect(RUN, f"ls {number}")] for number in range(12)]
    threads = [threading.Thread(target=permissions.learn, args=("shell", each, Answer("always"))) for each in effects]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(permissions.judge("shell", each) == Allowed() for each in effects)
    assert len(load_rules(state, root).user) == 12
