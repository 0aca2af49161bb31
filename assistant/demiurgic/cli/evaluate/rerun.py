"""`demiurgic eval rerun DIR`: writes a run's samples again and tells how many are the same to the last byte."""

import argparse
from contextlib import ExitStack
from pathlib import Path

from demiurgic.cli.evaluate.opening import open_for_many
from demiurgic.config import Settings
from demiurgic.errors import UserError

HELP = "write a run's samples again; how many are byte-identical?"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="of a run of eval humaneval")
    parser.add_argument("--model", metavar="M", help="where the model is now, if its name has changed")
    parser.add_argument("--limit", type=int, metavar="K", help="the first K samples only")
    parser.add_argument("--parallel", type=int, metavar="N", help="together; by default as many as before")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Write again what the journal holds."""
    from demiurgic.cli.screen import console
    from demiurgic.compose import local_file
    from demiurgic.evaluation.journal import Journal
    from demiurgic.evaluation.manifest import load_manifest
    from demiurgic.evaluation.problems import load_problems
    from demiurgic.evaluation.prompts import prompt_form
    from demiurgic.evaluation.rerunning import Again, rerun
    from demiurgic.evaluation.writing import Style, Wanted, writer_for
    from demiurgic_models.store import checksum

    manifest = load_manifest(options.folder)
    name = options.model or manifest.model
    path = local_file(settings, name)
    if manifest.weights and (path is None or checksum(path) != manifest.weights):
        raise UserError(f"{name} is not the model of this run: its weights differ", "name the same file: --model FILE")
    form = prompt_form(manifest.prompt)
    if form.digest != manifest.prompt_digest:
        raise UserError(f"the prompt {form.id} says something else than it did for this run")
    problems = load_problems(Path(manifest.problems_file) if manifest.problems_file else None)
    screen = console()
    with ExitStack() as opened:
        journal = Journal(options.folder)
        opened.callback(journal.close)
        samples = [
            (Wanted(problems[key.task_id], key.index, key.seed), written)
            for key, written in journal.written.items()
            if key.task_id in problems
        ][: options.limit]
        parallel = options.parallel or manifest.parallel
        model = open_for_many(settings, name, parallel, manifest.context)
        opened.callback(model.close)
        writer = writer_for(model, Style(form, manifest.temperature, manifest.top_p, manifest.max_tokens))

        def seen(again: Again) -> None:
            if not again.same:
                screen.print(f"differs: {again.wanted.problem.task_id}, sample {again.wanted.index}")

        found = rerun(writer, samples, parallel, seen)
    same = sum(again.same for again in found)
    screen.print(f"{same} of {len(found)} completions are byte-identical, {parallel} decoded together")
    return 0
