"""Single lines cut out of HumanEval's own solutions and filled in again: our way, and the same model left to itself."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.figures import Figures, answer
from demiurgic.chat.local import LocalChat
from demiurgic.compose.chat import open_chat
from demiurgic.config import load_settings
from demiurgic.engine.protocol import Engine, Piece, Request
from demiurgic.evaluation.executing import open_judging
from demiurgic.evaluation.problems import Problem, load_problems
from demiurgic.evaluation.verdicts import Candidate
from demiurgic.templates.filling import Gap, fill_prompt
from demiurgic_lsp.completion.fillers import filler_for
from demiurgic_lsp.completion.hole import Hole, hole_at

LONGEST = 64

Fill = Callable[[Hole], str]


def holes(count: int) -> Iterator[tuple[Problem, Hole, str]]:
    """One line of each solution, its indent left standing, drawn once and for all."""
    chance = random.Random(7)
    for problem in list(load_problems().values())[:count]:
        text = problem.prompt + problem.canonical_solution
        lines = text.split("\n")
        first = problem.prompt.count("\n")
        at = chance.choice([number for number in range(first, len(lines)) if lines[number].strip()])
        indent = len(lines[at]) - len(lines[at].lstrip())
        start = sum(len(line) + 1 for line in lines[:at]) + indent
        missing = lines[at][indent:]
        yield problem, hole_at(f"{problem.entry_point}.py", text[:start] + text[start + len(missing) :], start), missing


def _figures(model: str, count: int, fill: Callable[[LocalChat], Fill]) -> Figures:
    settings = load_settings(Path("/"))
    chat = open_chat(settings, model)
    assert isinstance(chat, LocalChat)
    judging = open_judging(settings)
    filled = fill(chat)
    try:
        found = [(problem, hole, missing, filled(hole)) for problem, hole, missing in holes(count)]
        candidates = [
            Candidate(
                problem.task_id, problem, problem.program((hole.before + text + hole.behind)[len(problem.prompt) :])
            )
            for problem, hole, _, text in found
        ]
        passed = sum(verdict.passed for _, verdict in judging.judge(candidates))
    finally:
        judging.close()
        chat.close()
    exact = sum(text.rstrip() == missing.rstrip() for _, _, missing, text in found)
    return {"exact": exact / len(found), "passed": passed / len(found)}


def ours(model: str, count: int) -> Figures:
    """What the language server would show."""

    def fill(chat: LocalChat) -> Fill:
        filler = filler_for(chat)
        return lambda hole: filler.begin(hole, LONGEST).follow().text

    return _figures(model, count, fill)


def plain(model: str, count: int) -> Figures:
    """The whole text around the hole in the model's own form, and all that it writes until it ends by itself."""

    def fill(chat: LocalChat) -> Fill:
        return lambda hole: _written(chat.engine, hole)

    return _figures(model, count, fill)


def _written(engine: Engine, hole: Hole) -> str:
    request = Request(fill_prompt(Gap(hole.before, hole.behind), engine), LONGEST)
    return "".join(event.text for event in engine.generate(request) if isinstance(event, Piece))


if __name__ == "__main__":
    answer(ours, plain)
