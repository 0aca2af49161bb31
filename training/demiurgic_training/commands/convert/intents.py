"""`demiurgic data convert intents`: a table of labelled texts as conversations, divided class by class."""

import argparse
from pathlib import Path

from demiurgic.config import Settings

HELP = "a table of labelled texts, divided class by class"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add("source", type=Path, metavar="TABLE.csv", help="its first line names the columns")
    add("--labels", type=Path, required=True, metavar="FILE", help="one a line, perhaps behind an id and a tab")
    add("--out", type=Path, required=True, metavar="DIR", help="gets train.jsonl, validation.jsonl and test.jsonl")
    add("--system-prompt", metavar="TEXT", help="what stands above each text (default: that of `eval intents`)")
    add("--answer", metavar="FORM", help="how a label is said (default: 意图：{index}:{label})")
    add("--text-column", default="text", metavar="NAME", help="default: text")
    add("--label-column", default="label", metavar="NAME", help="default: label; it may hold names or ids")
    add("--encoding", default="utf-8-sig", metavar="NAME", help="of the table (default: UTF-8)")
    add("--ratio", default="8:1:1", metavar="8:1:1", help="how many of each class go where")
    add("--seed", type=int, default=0, metavar="N", help="another one divides otherwise")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Convert, divide, and count the classes."""
    from demiurgic.cli.screen import console
    from demiurgic.evaluation.intents.labels import load_labels
    from demiurgic_training.convert.counting import counted
    from demiurgic_training.convert.intents import ANSWER, Reading, Seen, member_of_class, read_intents
    from demiurgic_training.screen import Complaints, some
    from demiurgic_training.sides import write_sides
    from demiurgic_training.splitting import divide, parse_ratio

    ratio, labels = parse_ratio(options.ratio), load_labels(options.labels, options.answer)
    reading = Reading(
        labels,
        options.system_prompt,
        options.answer or ANSWER,
        text_column=options.text_column,
        label_column=options.label_column,
        encoding=options.encoding,
    )
    complaints, seen = Complaints(), Seen()
    rows = list(some(complaints.sorted_out(read_intents(options.source, reading, seen))))
    complaints.sum_up()
    sides = divide([member_of_class(row) for row in rows], ratio, options.seed)
    write_sides(options.out, zip(rows, sides, strict=True), ratio)
    for part in counted(rows, sides, labels.names, seen):
        console().print(part)
    console().print(f"{len(rows)} rows: {options.out}", markup=False)
    return 0
