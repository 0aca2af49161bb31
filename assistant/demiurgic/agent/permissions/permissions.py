"""The judge that an agent asks: the mode, the sandbox and the rules of one folder, and what the user adds to them."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from demiurgic.agent.events import Answer
from demiurgic.agent.judging import Verdict
from demiurgic.agent.permissions.judge import Policy, judge, questions, refusal, settles
from demiurgic.agent.permissions.rule_files import load_rules, remember
from demiurgic.errors import UserError
from demiurgic.modes import Mode
from demiurgic.sandbox.protocol import Strength
from demiurgic.tools.protocol import Effect


class Permissions:
    """Judges calls, and keeps what the user settles. May be used from any thread."""

    def __init__(self, state_dir: Path, root: Path, mode: Mode, strength: Strength) -> None:
        """Raises ConfigError where the rules cannot be read, and UserError where the mode cannot be had."""
        self._state_dir, self._root = state_dir, root.resolve()
        self._lock = threading.Lock()
        own = state_dir.resolve()
        guarded = (str(own.relative_to(self._root)),) if own.is_relative_to(self._root) else ()
        self._policy = Policy(Mode.PLAN, strength, load_rules(state_dir, self._root), guarded)
        self.set_mode(mode)

    @property
    def mode(self) -> Mode:
        """How much the agent may do now."""
        return self._policy.mode

    def set_mode(self, mode: Mode) -> None:
        """Let the agent do more or less. Only the user does this."""
        if problem := refusal(mode, self._policy.strength):
            raise UserError(problem, "choose another mode, or install a sandbox: demiurgic doctor")
        with self._lock:
            self._policy = replace(self._policy, mode=mode)

    def judge(self, tool: str, effects: Sequence[Effect]) -> Verdict:
        """Whether a call may be carried out."""
        return judge(self._policy, tool, effects)

    def learn(self, tool: str, effects: Sequence[Effect], answer: Answer) -> None:
        """Keep what "always" and "session" stand for. "Always" where that was not offered holds for nothing."""
        if answer.kind not in ("session", "always"):
            return
        with self._lock:
            rules = settles(questions(self._policy, tool, effects), always=answer.kind == "always")
            if answer.kind == "always" and rules:
                remember(self._state_dir, self._root, rules)
            known = self._policy.rules
            self._policy = replace(self._policy, rules=replace(known, session=(*known.session, *rules)))
