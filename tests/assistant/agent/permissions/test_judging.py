"""What may be done in which mode, under which rules: one table for each question."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demiurgic.agent.judging import Allowed, Asks, Denied
from demiurgic.agent.permissions.judge import Policy, judge, refusal
from demiurgic.agent.permissions.names import is_protected, is_secret
from demiurgic.agent.permissions.rules import Rule, Rules, host_of
from demiurgic.modes import Mode
from demiurgic.tools.protocol import Effect, EffectKind

READ, WRITE, DELETE, RUN = EffectKind.READ, EffectKind.WRITE, EffectKind.DELETE, EffectKind.RUN
FETCH, EXTERNAL = EffectKind.FETCH, EffectKind.EXTERNAL
PLAN, ASK, EDITS, ALL = Mode
VERDICTS = {"allow": Allowed, "ask": Asks, "deny": Denied}


def verdict(
    mode: Mode, kind: EffectKind, target: str, *rules: Rule, strength="namespace", project: tuple[Rule, ...] = ()
):
    policy = Policy(mode, strength, Rules(user=rules, project=project), guarded=(".config/own",))
    return judge(policy, "tool", [Effect(kind, target)])


def allow(**scope) -> Rule:
    return Rule("allow", "tool", **scope)


def deny(**scope) -> Rule:
    return Rule("deny", "tool", **scope)


@pytest.mark.parametrize(
    ("kind", "target", "plan", "ask", "edits", "everything"),
    [
        (READ, "src/a.py", "allow", "allow", "allow", "allow"),
        (READ, "/etc/passwd", "ask", "ask", "ask", "ask"),
        (READ, "../other/a.py", "ask", "ask", "ask", "ask"),
        (READ, "src/../../x", "ask", "ask", "ask", "ask"),
        (READ, "~/notes", "ask", "ask", "ask", "ask"),
        (READ, ".env", "ask", "ask", "ask", "ask"),
        (READ, "AGENTS.md", "allow", "allow", "allow", "allow"),
        (READ, ".github/workflows/ci.yml", "allow", "allow", "allow", "allow"),
        (READ, ".git/config", "ask", "ask", "ask", "ask"),
        (WRITE, "src/a.py", "deny", "ask", "allow", "allow"),
        (DELETE, "src/a.py", "deny", "ask", "allow", "allow"),
        (WRITE, "AGENTS.md", "deny", "ask", "ask", "ask"),
        (WRITE, ".git/hooks/pre-commit", "deny", "ask", "ask", "ask"),
        (DELETE, ".github/workflows/ci.yml", "deny", "ask", "ask", "ask"),
        (WRITE, ".config/own/rules.toml", "deny", "ask", "ask", "ask"),
        (WRITE, "/etc/passwd", "deny", "deny", "deny", "deny"),
        (WRITE, "../x", "deny", "deny", "deny", "deny"),
        (RUN, "ls -la", "deny", "ask", "ask", "allow"),
        (RUN, "rm -rf .git", "deny", "ask", "ask", "ask"),
        (FETCH, "https://example.org/x", "ask", "ask", "ask", "ask"),
        (FETCH, "file:///etc/passwd", "deny", "deny", "deny", "deny"),
        (EXTERNAL, "server.tool", "deny", "ask", "ask", "ask"),
        (READ, "a\0b", "deny", "deny", "deny", "deny"),
    ],
)
def test_what_each_mode_lets_pass(kind, target, plan, ask, edits, everything):
    for mode, expected in zip(Mode, (plan, ask, edits, everything), strict=True):
        assert isinstance(verdict(mode, kind, target), VERDICTS[expected]), mode


def test_a_call_without_effects_needs_no_question():
    assert judge(Policy(PLAN, "process"), "todo", []) == Allowed()


@pytest.mark.parametrize(
    "path",
    [
        ".git", ".git/config", "sub/.git/hooks/x", ".GIT/x", ".Git", ".git.", ".git /x", ".git::$INDEX_ALLOCATION/x",
        "git~1/x", ".g\u200cit/x", "ａ/../.git", ".ｇｉｔ/hooks", "./.git", "a//.git", ".git\\hooks",
        ".github/workflows/a.yml", ".GitHub/Workflows/a.yml", ".gitlab-ci.yml", "Jenkinsfile", ".circleci/config.yml",
        ".vscode/tasks.json", ".idea/x", ".envrc", ".env", ".mcp.json", ".gitmodules", ".gitattributes", ".bashrc",
        "home/.ZSHRC", ".demiurgic/config.toml", "AGENTS.md", "deep/agents.MD", "CLAUDE.md", ".cursorrules",
        ".husky/pre-commit", ".pre-commit-config.yaml", "conf/sitecustomize.py", "id_rsa", ".ssh/authorized_keys",
        ".g[i]t/x", ".g?t", "AGENT?.md", "*GENTS.md", ".*",
    ],
)  # fmt: skip
def test_protected_paths_ask_in_every_mode_whatever_is_allowed(path: str):
    assert is_protected(path)
    everything = (allow(path="/" + path), allow(path="**"), allow(path="*"))
    for mode in (ASK, EDITS, ALL):
        for kind in (WRITE, DELETE):
            found = verdict(mode, kind, path, *everything)
            assert isinstance(found, Asks)
            assert found.rule == ""


@pytest.mark.parametrize(
    "path",
    [
        "src/git.py",
        "gitignore",
        ".gitignore",
        "github/workflows/x",
        "agents/md",
        "docs/agents.md.txt",
        "env.py",
        "*",
        "src/*",
    ],
)
def test_ordinary_paths_are_not_protected(path: str):
    assert not is_protected(path)


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        (".env", True), (".ENV.local", True), ("a/.envrc", True), ("server.pem", True), ("id_ed25519", True),
        ("id_ed25519.pub", False), (".aws/credentials", True), ("aws/credentials", False), (".npmrc", True),
        (".git/config", True), (".git/HEAD", False), ("env", False), ("keys.py", False), ("monkey", False),
    ],
)  # fmt: skip
def test_secrets(path: str, secret: bool):
    assert is_secret(path) is secret
    assert isinstance(verdict(ALL, READ, path), Asks if secret else Allowed)
    assert isinstance(verdict(ALL, READ, path, allow(path="/" + path)), Allowed)


def test_the_order_in_which_rules_count():
    path = {"path": "/src/"}
    assert isinstance(verdict(ASK, WRITE, "src/a.py", allow(**path)), Allowed)
    assert isinstance(verdict(EDITS, WRITE, "src/a.py", deny(**path)), Denied)
    assert isinstance(verdict(ALL, WRITE, "src/a.py", allow(**path), project=(deny(**path),)), Denied)
    assert isinstance(verdict(ALL, WRITE, "src/a.py", project=(Rule("ask", "*", **path),)), Asks)
    assert isinstance(verdict(ASK, WRITE, "src/a.py", project=(allow(**path),)), Asks)  # a project allows nothing
    assert isinstance(verdict(ALL, READ, "src/a.py", deny(**path)), Denied)
    assert isinstance(verdict(ASK, WRITE, "other/src/a.py", allow(**path)), Asks)
    assert isinstance(verdict(PLAN, WRITE, "src/a.py", allow(**path)), Denied)
    assert isinstance(verdict(ASK, WRITE, "src/a.py", Rule("allow", "another tool", **path)), Asks)


def test_what_always_offers_is_exactly_what_was_asked():
    def offered(kind: EffectKind, target: str) -> str:
        found = verdict(ASK, kind, target)
        assert isinstance(found, Asks)
        return found.rule

    assert offered(WRITE, "src/a*.py") == "tool: /src/a\\*.py"
    assert offered(READ, "/etc/hosts") == "tool: /etc/hosts"
    assert offered(FETCH, "https://Docs.Python.org/3/") == "tool: docs.python.org"
    assert offered(FETCH, "http://127.0.0.1/") == ""
    assert offered(FETCH, "https://docs.python.org@evil.org/") == ""
    assert offered(EXTERNAL, "server.tool") == "tool: server.tool"
    assert offered(RUN, "pytest -q tests/a.py") == "tool: pytest -q tests/a.py"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://a.org/x", "a.org"), ("HTTP://A.org:80", "a.org"), ("https://good.org@evil.org", ""),
        ("https://good.org\\@evil.org", ""), ("ftp://a.org", ""), ("https://[::1", ""), ("https://a.org\n.evil", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_hosts(url: str, host: str):
    assert host_of(url) == host


def test_one_part_that_must_be_asked_for_is_not_allowed_by_the_others():
    policy = Policy(ALL, "namespace", Rules(user=(allow(path="**"),)))
    effects = [Effect(READ, "a"), Effect(WRITE, "b"), Effect(WRITE, ".git/config")]
    found = judge(policy, "tool", effects)
    assert isinstance(found, Asks)
    assert ".git/config" in found.reason
    assert isinstance(judge(policy, "tool", [*effects, Effect(WRITE, "/etc/passwd")]), Denied)


def test_a_sandbox_that_keeps_nothing_in_asks_before_each_command():
    rule = allow(command=("ls",))
    for mode in (ASK, EDITS):
        found = verdict(mode, RUN, "ls", rule, strength="process")
        assert isinstance(found, Asks)
        assert found.rule == ""
    assert isinstance(verdict(ALL, RUN, "ls", rule, strength="process"), Denied)
    assert refusal(ALL, "process")
    assert not refusal(ALL, "landlock")
    assert not refusal(EDITS, "process")


TARGETS = st.text(max_size=30) | st.lists(
    st.sampled_from(
        [".git", "a", "..", "/", "~", "*", "[", ".env", "\udcff", "\0", "Ａ", " ", ":", "https://", "x.y", "$("]
    ),
    max_size=6,
).map("/".join)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(list(Mode)), st.lists(st.tuples(st.sampled_from(list(EffectKind)), TARGETS), max_size=4))
def test_any_call_has_a_verdict_and_more_effects_never_make_it_milder(mode, effects):
    policy = Policy(mode, "namespace", Rules(user=(allow(path="a/**"),), project=(deny(path="x.y"),)))
    order = (Allowed, Asks, Denied)
    levels = [order.index(type(judge(policy, "tool", [Effect(*effect)]))) for effect in effects]
    assert order.index(type(judge(policy, "tool", [Effect(*effect) for effect in effects]))) == max(levels, default=0)
