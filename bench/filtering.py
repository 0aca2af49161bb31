"""Rows filtered and compared a second, and the memory of it: by us, and by a plain loop over datasketch."""

import json
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figures, answer
from demiurgic_training.decontamination import Decontamination, human_eval
from demiurgic_training.duplicates import Duplicates, Kind
from demiurgic_training.files import BadLine, read_rows, write_items
from demiurgic_training.filtering import Plan, filter_files
from demiurgic_training.filters import USUAL
from demiurgic_training.rows import Row, asked, row_to_json
from demiurgic_training.sifting import Sieve
from demiurgic_training.signatures import PERMUTATIONS, Signing
from demiurgic_training.spreading import Where
from demiurgic_training.words import tokens

WORKERS = 2


def ours(_model: str, count: int = 100_000) -> Figures:
    """All usual filters, HumanEval kept out, exact and near duplicates dropped: what the command does."""
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "rows.jsonl"), Path(folder, "clean.jsonl")
        write_items(source, synthetic(count))
        plan = Plan((source,), out, Sieve(USUAL, references=tuple(human_eval())), Where(WORKERS))
        start = time.perf_counter()
        tally = filter_files(plan, None, lambda tally: None)
        return _figures(tally.read, tally.kept, time.perf_counter() - start)


def plain(_model: str, count: int = 100_000) -> Figures:
    """The same filters in one process, and an index of datasketch's in memory."""
    from datasketch import MinHash, MinHashLSH

    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "rows.jsonl"), Path(folder, "clean.jsonl")
        write_items(source, synthetic(count))
        start, kept = time.perf_counter(), 0
        filters = (*USUAL, Decontamination(human_eval()))
        index, seen, base = MinHashLSH(threshold=0.7, num_perm=PERMUTATIONS), set[str](), MinHash(PERMUTATIONS)
        with out.open("w") as file:
            for number, row in enumerate(read_rows(source)):
                if isinstance(row, BadLine) or any(each.judge(row) for each in filters):
                    continue
                text = "\n".join(message.text for message in row.messages)
                spoken, sketch = tokens(text), base.copy()
                sketch.update_batch({" ".join(spoken[at : at + 5]).encode() for at in range(len(spoken) - 4)})
                if text in seen or index.query(sketch):
                    continue
                seen.add(text)
                index.insert(str(number), sketch)
                file.write(json.dumps(row_to_json(row)) + "\n")
                kept += 1
        return _figures(count, kept, time.perf_counter() - start)


def duplicates(_model: str, count: int = 1_000_000) -> Figures:
    """Only the comparing, in one process."""
    signing, start = Signing(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, Duplicates(Path(folder)) as index:
        for row in synthetic(count, words=40):
            index.add(signing(row))
        signed = time.perf_counter()
        found = index.found()
        kept = int((found.kinds == Kind.NEW).sum())
        figures = _figures(count, kept, time.perf_counter() - start)
        return figures | {"comparing": time.perf_counter() - signed}


def synthetic(count: int, words: int = 100) -> Iterator[Row]:
    """Rows of made-up words: one in twenty is an earlier one, one in twenty nearly so, one in a hundred a refusal."""
    chance = random.Random(0)
    known = ["".join(chance.choices("abcdefghijklmnop", k=chance.randint(3, 9))) for _ in range(5000)]
    before: list[tuple[str, str]] = []
    for number in range(count):
        kind = chance.random()
        question = f"Explain {' '.join(chance.choices(known, k=20))}."
        said = " ".join(chance.choices(known, k=words))
        if before and kind < 0.1:
            question, said = chance.choice(before)
            said = said if kind < 0.05 else f"{said} {chance.choice(known)}"
        elif kind > 0.99:
            said = "I'm sorry, but I can't help with that."
        elif len(before) < 5000:
            before.append((question, said))
        elif number % 10 == 0:
            before[chance.randrange(5000)] = (question, said)
        yield asked(question, f"{said}\n\n```python\nanswer_{number % 100} = {chance.random()}\n```\n")


def _figures(read: int, kept: int, seconds: float) -> Figures:
    use = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own, others = (each.ru_maxrss / 1024 for each in use)
    cpu = sum(each.ru_utime + each.ru_stime for each in use)
    return {
        "rate": read / seconds,
        "cpu": 1000 * cpu / read,
        "kept": kept,
        "megabytes": own + WORKERS * others,
        "own": own,
    }


if __name__ == "__main__":
    answer(ours, plain, duplicates)
