"""Our side of every question. Each function runs in a process of its own and returns its figures."""

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from bench.busy import busy
from bench.changes import change
from bench.figures import Figures, answer
from bench.tasks import CALLING, CHATTY, CODE, WRITE_FILE, edit_prompt, prompt_ids, rewrite_prompt, turns
from demiurgic.agent.agent import Agent
from demiurgic.agent.equipment import Equipment
from demiurgic.agent.events import Answer, ApprovalAsked
from demiurgic.agent.hooks import Hooks
from demiurgic.agent.permissions.permissions import Permissions
from demiurgic.agent.prompt import profile
from demiurgic.chat.protocol import ChatModel, ReplyOptions
from demiurgic.compose import open_chat
from demiurgic.config import load_settings
from demiurgic.engine.llama import LlamaEngine
from demiurgic.engine.options import EngineOptions
from demiurgic.engine.protocol import Done, Piece, Request, Sampling
from demiurgic.events import Finish, ReplyEnded, TextDelta
from demiurgic.messages import Tool, ToolCall
from demiurgic.modes import Mode
from demiurgic.sandbox.process import ProcessSandbox
from demiurgic.sandbox.protocol import Policy
from demiurgic.templates.chatml import ChatML
from demiurgic.templates.dialects import Hermes
from demiurgic.templates.protocol import CallRules, Choice, Vocabulary
from demiurgic.workspace.beneath import LocalWorkspace


@contextmanager
def opened(model: str, **options: int | str) -> Iterator[LlamaEngine]:
    engine = LlamaEngine(Path(model), EngineOptions(**{"context": 8192, **options}))
    try:
        yield engine
    finally:
        engine.close()


@dataclass(slots=True)
class Run:
    """One request, followed to its end in a thread of its own."""

    tokens: list[int]
    start: float
    first: float
    last: float
    done: Done
    gaps: list[float]
    """Seconds between one piece and the next."""

    @property
    def rate(self) -> float:
        """Tokens a second, the first one and the prompt left out."""
        return (len(self.tokens) - 1) / (self.last - self.first)


def run(engine: LlamaEngine, prompt: list[int], count: int, **wishes: object) -> Run:
    start = time.perf_counter()
    generation = engine.generate(Request(tuple(prompt), max_tokens=count, **wishes))
    tokens, stamps = [], []
    for event in generation:
        if isinstance(event, Piece):
            stamps.append(time.perf_counter())
            tokens += event.tokens
        elif isinstance(event, Done):
            gaps = [after - before for before, after in pairwise(stamps)]
            return Run(tokens, start, stamps[0], time.perf_counter(), event, gaps)
    raise AssertionError("no end")


def endless(engine: LlamaEngine, **sampling: float) -> Sampling:
    return Sampling(**sampling, bias=tuple((token, -1e9) for token in engine.facts.ends))


def hot(engine: LlamaEngine) -> Sampling:
    """What the peers do when nobody says otherwise."""
    return endless(engine, temperature=0.8, top_k=40, top_p=0.95, min_p=0.05)


def single(model: str) -> Figures:
    with opened(model) as engine:
        wish = endless(engine)
        run(engine, prompt_ids(512, 8), 8, sampling=wish)
        reading = run(engine, prompt_ids(1024, 1), 1)
        writing = run(engine, prompt_ids(64, 3), 128, sampling=wish)
    return {"prompt": 1024 / (reading.first - reading.start), "decode": writing.rate}


def batching(model: str, count: int, length: int) -> Figures:
    runs: list[Run] = []
    with opened(model, context=2048, separate=True) as engine:
        wish = hot(engine)
        run(engine, prompt_ids(16, 999), 4, sampling=wish)
        threads = [
            threading.Thread(target=lambda s=s: runs.append(run(engine, prompt_ids(16, s), length, sampling=wish)))
            for s in range(count)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    whole = max(one.last for one in runs) - min(one.start for one in runs)
    # All requests write from the last one's first token to the first one's last.
    together = min(one.last for one in runs) - max(one.first for one in runs)
    return {"decode": count * (length - 1) / together, "whole": count * length / whole}


def prefix(model: str) -> Figures:
    with opened(model) as engine:

        def first(prompt: list[int]) -> float:
            seen = run(engine, prompt, 1)
            return (seen.first - seen.start) * 1e3

        first(prompt_ids(40, 50))
        shared = prompt_ids(1000, 1)
        cold = first([*shared, *prompt_ids(40, 2)])
        same = first([*shared, *prompt_ids(40, 3)])
        first(prompt_ids(1000, 9))
        return {"cold": cold, "same": same, "other": first([*shared, *prompt_ids(40, 4)])}


def rewrite(model: str, limit: int) -> Figures:
    with opened(model) as engine:
        prompt, draft = engine.tokenize(rewrite_prompt()), tuple(engine.tokenize(CODE.read_text()))
        run(engine, prompt[:-1], 1)
        plain, quick = run(engine, prompt, limit), run(engine, prompt, limit, draft=draft)
    return {
        "plain": plain.rate,
        "drafted": quick.rate,
        "same": float(plain.tokens == quick.tokens),
        "accepted": quick.done.accepted / max(1, quick.done.drafted),
    }


def editing(model: str, lines: int, most: int) -> Figures:
    """Seconds and tokens of one small change by each tool. What is written is laid down, so that nothing depends on what
    the model would have said. Of longer calls only the first `most` tokens are written, and the rest reckoned."""
    asked = change(lines)
    seen: dict[str, float] = {}
    with opened(model, context=16384) as engine:
        template = ChatML(Vocabulary(engine.facts.markers))
        draft = tuple(engine.tokenize(as_draft(template, asked.before), markers=False))
        prompt = engine.tokenize(edit_prompt("Change this file.", asked.before).removesuffix("```python\n"))
        run(engine, prompt[:-1], 1)
        for tool, arguments in asked.calls.items():
            call = tuple(engine.tokenize(template.write_calls([ToolCall("", tool, arguments)])))
            written = call[:most]
            for way, wishes in (("plain", {}), ("drafted", {"draft": draft})):
                done = run(engine, prompt, len(written), choices=(written,), **wishes)
                evaluated = len(written) + done.done.drafted - done.done.accepted
                whole = len(call) / len(written)
                seen[f"{tool} {way}"] = (done.last - done.start) * whole
                seen[f"{tool} {way} evaluated"] = evaluated * whole
            seen[tool] = len(call)
    return {**seen, "prompt": len(prompt)}


def as_draft(template: ChatML, text: str) -> str:
    """As the agent gives a file: as it is, and as it is spelled within a call."""
    return f"{text}\n{template.write_calls([ToolCall('', 'write', {'text': text})])}"


def constrained(model: str) -> Figures:
    """Milliseconds a token, the median of all. Free and constrained take turns, so that a slow moment hits both."""
    seen: dict[str, list[float]] = {}
    with opened(model) as engine:

        def grammar(choice: Choice) -> str:
            rules = CallRules((Tool("write_file", "Write a file", WRITE_FILE),), choice, False)
            return Hermes().grammar(rules, Vocabulary(engine.facts.markers), None)

        cases = {
            "free text": (CHATTY, {"sampling": endless(engine)}),
            "text, calls possible": (CHATTY, {"sampling": endless(engine), "grammar": grammar("auto")}),
            "free call": (CALLING, {"sampling": endless(engine)}),
            "call": (CALLING, {"grammar": grammar("required")}),
        }
        for _ in range(8):
            for name, (prompt, wishes) in cases.items():
                gaps = run(engine, engine.tokenize(prompt), 80, **wishes).gaps
                seen.setdefault(name, []).extend(gap * 1e3 for gap in gaps)
    return {name: statistics.median(times) for name, times in seen.items()}


def cancel(model: str) -> Figures:
    waits: list[float] = []
    with opened(model) as engine:
        for number in range(20):
            generation = engine.generate(Request(tuple(prompt_ids(4000, number)), max_tokens=1))
            time.sleep(0.15 + 0.02 * number)
            start = time.perf_counter()
            generation.cancel()
            for _ in generation:
                pass
            waits.append((time.perf_counter() - start) * 1e3)
    return {"median": statistics.median(waits), "slowest": max(waits)}


def beside(model: str, hogs: int, threads: int = 0) -> Figures:
    """Decoding beside busy processes."""
    with opened(model, **({"threads": threads} if threads else {})) as engine:
        wish = hot(engine)
        run(engine, prompt_ids(32, 1), 4, sampling=wish)
        with busy(hogs):
            return {"decode": run(engine, prompt_ids(32, 1), 128, sampling=wish).rate}


def session(model: str, count: int) -> Figures:
    """Turns 2 to COUNT of a session of the agent: tokens evaluated and tokens new, and the time to the first word."""
    settings = replace(load_settings(Path.cwd()), context=8192, disk_cache=0)
    chat = open_chat(settings, model)
    evaluated = new = known = 0
    waits: list[float] = []
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened_here:
        opened_here.callback(chat.close)
        agent = Agent(plain_equipment(chat, Path(folder)))
        for number, said in enumerate(turns(count)):
            start, first = time.perf_counter(), 0.0
            for event in agent.turn(said):
                if isinstance(event, TextDelta):
                    first = first or time.perf_counter() - start
                elif isinstance(event, ReplyEnded):
                    usage, cut = event.usage, event.finish is Finish.LENGTH
            if number:
                evaluated, new = evaluated + usage.prompt - usage.cached, new + usage.prompt - known
                waits.append(first * 1e3)
            # The last token of a reply that was cut off was chosen, and never evaluated.
            known = usage.prompt + usage.completion - cut
    return {"evaluated": evaluated, "new": new, "first": statistics.median(waits)}


def plain_equipment(chat: ChatModel, folder: Path) -> Equipment:
    """An agent that only talks."""
    sandbox = ProcessSandbox(Policy(folder))
    rules = Permissions(folder / ".state", folder, Mode.PLAN, sandbox.strength)
    return Equipment(
        model=chat,
        system=profile(0).system,
        tools={},
        workspace=LocalWorkspace(folder),
        sandbox=sandbox,
        kernel=sandbox.kernel,
        judge=rules,
        approver=Nobody(),
        hooks=Hooks((), folder, {}),
        wishes=ReplyOptions(max_tokens=48),
    )


class Nobody:
    def ask(self, question: ApprovalAsked) -> Answer:
        return Answer("deny")


if __name__ == "__main__":
    answer(single, batching, prefix, rewrite, editing, constrained, cancel, beside, session)
