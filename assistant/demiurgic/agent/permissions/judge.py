"""What may be done without a question. Pure: the same call under the same rules always gets the same answer.

Decided by what a call touches, in this order: what is never allowed; what the user forbids; what the project forbids;
what always asks; what the user allows; and else what the mode says. A part that must be asked for is never allowed
because another part is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from demiurgic.agent.judging import Allowed, Asks, Denied, Verdict
from demiurgic.agent.permissions.commands import Line, allowed, covered, offered, read_line, touches
from demiurgic.agent.permissions.names import is_outside, is_protected, is_secret, lies_in
from demiurgic.agent.permissions.rules import Decision, Rule, Rules, host_of
from demiurgic.modes import Mode
from demiurgic.sandbox.protocol import Strength
from demiurgic.tools.protocol import Effect, EffectKind

_CHANGES = (EffectKind.WRITE, EffectKind.DELETE)
_NOT_IN_PLAN = (*_CHANGES, EffectKind.RUN, EffectKind.EXTERNAL)


@dataclass(frozen=True, slots=True)
class Policy:
    """Under which a call is judged."""

    mode: Mode
    strength: Strength
    """Of the sandbox that commands run in."""
    rules: Rules = field(default_factory=Rules)
    guarded: tuple[str, ...] = ()
    """Where this program keeps its own settings, as far as that lies in the workspace."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the user must say, and what "always" and "session" would come to."""

    reason: str
    always: Rule | None = None
    session: Rule | None = None


def refusal(mode: Mode, strength: Strength) -> str:
    """Why a mode cannot be had with a sandbox; empty where it can."""
    if mode is Mode.ALL and strength == "process":
        return "mode `all` needs a sandbox that keeps programs in, and this one only limits what they use"
    return ""


def judge(policy: Policy, tool: str, effects: Sequence[Effect]) -> Verdict:
    """Whether a call may be carried out."""
    findings = [_judged(policy, tool, effect) for effect in effects]
    if denied := next((finding for finding in findings if isinstance(finding, Denied)), None):
        return denied
    questions = [finding for finding in findings if isinstance(finding, Question)]
    if not questions:
        return Allowed()
    reason = "; ".join(dict.fromkeys(question.reason for question in questions))
    rules = settles(questions, always=True)
    return Asks(reason, " and ".join(map(str, rules)))


def questions(policy: Policy, tool: str, effects: Sequence[Effect]) -> list[Question]:
    """All that a call must be asked for."""
    findings = (_judged(policy, tool, effect) for effect in effects)
    return [finding for finding in findings if isinstance(finding, Question)]


def settles(asked: Sequence[Question], *, always: bool) -> tuple[Rule, ...]:
    """The rules that would make all these questions needless; none where one of them must be asked every time."""
    rules = [question.always if always else question.session for question in asked]
    return tuple(dict.fromkeys(rule for rule in rules if rule)) if all(rules) else ()


def _judged(policy: Policy, tool: str, effect: Effect) -> Verdict | Question:
    if never := _never(policy, effect):
        return Denied(never)
    if effect.kind is EffectKind.RUN:
        return _run(policy, tool, effect.target)
    rules = policy.rules
    for rule in rules.of("deny"):
        if rule.concerns(tool, effect):
            return Denied(f"a rule forbids this ({rule})")
    settled = any(rule.concerns(tool, effect) for rule in rules.of("allow"))
    if question := _always_asks(policy, effect, settled):
        return question
    for rule in rules.of("ask"):
        if rule.concerns(tool, effect):
            return Question(f"a rule says to ask ({rule})")
    return Allowed() if settled else _by_mode(policy, tool, effect)


def _never(policy: Policy, effect: Effect) -> str:
    if "\0" in effect.target:
        return "a name cannot hold a zero byte"
    if policy.mode is Mode.PLAN and effect.kind in _NOT_IN_PLAN:
        return "this is plan mode: nothing is written and nothing is run. Say what you would do instead."
    if effect.kind in _CHANGES and is_outside(effect.target):
        return f"{effect.target} lies outside of the workspace, where nothing may be changed"
    if effect.kind is EffectKind.RUN:
        return refusal(policy.mode, policy.strength)
    if effect.kind is EffectKind.FETCH and not effect.target.lower().startswith(("http://", "https://")):
        return "only http and https addresses can be fetched"
    return ""


def _always_asks(policy: Policy, effect: Effect, settled: bool) -> Question | None:
    """What no mode does without a question. Only a rule that the user wrote lets secrets be read."""
    path = effect.target
    if effect.kind in _CHANGES and (is_protected(path) or lies_in(path, policy.guarded)):
        return Question(f"{path} is protected: what is written there may run, or direct the agent, later")
    if effect.kind is EffectKind.READ and not settled and (is_secret(path) or lies_in(path, policy.guarded)):
        return Question(f"{path} may hold secrets")
    return None


def _by_mode(policy: Policy, tool: str, effect: Effect) -> Verdict | Question:
    target = effect.target
    match effect.kind:
        case EffectKind.READ:
            return (
                _asked(f"{target} lies outside of the workspace", tool, path=target)
                if is_outside(target)
                else Allowed()
            )
        case EffectKind.WRITE | EffectKind.DELETE:
            if policy.mode in (Mode.EDITS, Mode.ALL):
                return Allowed()
            return _asked(f"it {effect.kind}s {target}", tool, path=_anchored(target))
        case EffectKind.FETCH:
            host = host_of(target)
            reason = f"it fetches {target}"
            plain = "." in host and not host.replace(".", "").isdigit() and ":" not in host
            return _asked(reason, tool, host=host) if plain else Question(reason)
        case _:
            return _asked(f"{target} runs outside of the sandbox", tool, target=target)


def _run(policy: Policy, tool: str, command: str) -> Verdict | Question:
    line = read_line(command)
    denies, asks, allows = (_for_tool(policy.rules, tool, decision) for decision in ("deny", "ask", "allow"))
    if rule := covered(line, denies):
        return Denied(f"a rule forbids this ({rule})")
    if reason := _why_ask(policy, line, asks):
        return Question(reason)
    for_now = Rule("allow", tool, line=command)
    if for_now in allows or allowed(line, allows) or (policy.mode is Mode.ALL and not line.problem):
        return Allowed()
    if line.problem:
        return Question(f"the command is not understood: {line.problem}", session=for_now)
    argv = offered(line)
    return Question("it runs a command", Rule("allow", tool, command=argv) if argv else None, for_now)


def _why_ask(policy: Policy, line: Line, asks: tuple[Rule, ...]) -> str:
    """Why a command is asked for every time, whatever is allowed; empty if nothing speaks against it."""
    if policy.strength == "process":
        return "nothing keeps this command in: it runs with your own rights"
    if problem := touches(line, policy.guarded):
        return problem
    rule = covered(line, asks)
    return f"a rule says to ask ({rule})" if rule else ""


def _for_tool(rules: Rules, tool: str, decision: Decision) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules.of(decision) if rule.tool in ("*", tool))


def _asked(reason: str, tool: str, *, path: str = "", host: str = "", target: str = "") -> Question:
    rule = Rule("allow", tool, path=path, host=host, target=target)
    return Question(reason, rule, rule)


def _anchored(path: str) -> str:
    """A pattern that means this path and no other of the same name."""
    escaped = "".join(f"\\{letter}" if letter in "*?[\\" else letter for letter in path)
    return f"/{escaped}"
