"""Shows what questions will cost, and asks whether to put them. Nothing is sent before somebody said so."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rich.console import Console
from rich.table import Table

from demiurgic.errors import UserError
from demiurgic.evaluation.board import time_left
from demiurgic_training.teachers.estimating import Estimate, check_budget
from demiurgic_training.teachers.ledger import Ledger
from demiurgic_training.teachers.money import Money


@dataclass(frozen=True, slots=True)
class Terms:
    """What the user said beforehand: the most to spend, by currency, whether to begin unasked, or not at all."""

    caps: Mapping[str, Decimal]
    yes: bool = False
    dry_run: bool = False


def agreed(estimates: Sequence[Estimate], ledger: Ledger, terms: Terms, screen: Console) -> bool:
    """Whether the user wants it. Raises UserError where the budget cannot do, or where nobody can be asked."""
    tell(estimates, terms.caps, screen)
    if terms.dry_run:
        return False
    if ledger.paid:
        screen.print(f"{len(ledger.paid)} answers are here already and are not asked for again", markup=False)
    if terms.yes:
        return True
    if not sys.stdin.isatty():
        raise UserError("whether to begin cannot be asked here", "add --yes")
    return screen.input("begin? \\[y/N] ").strip().lower() in ("y", "yes")


def tell(estimates: Sequence[Estimate], caps: Mapping[str, Decimal], screen: Console) -> None:
    """Show what it will take, and the most that may be spent. Raises UserError where the budget cannot do."""
    check_budget(estimates, caps)
    screen.print(table(estimates))
    for currency, cap in caps.items():
        screen.print(f"budget: {Money(cap, currency)}; never more, whatever the estimate says", markup=False)


def table(estimates: Sequence[Estimate]) -> Table:
    """What it will take. Money comes first: a narrow window cuts what stands last."""
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    shown.add_column("teacher", overflow="fold")
    for title in ("likely", "at most", "time", "questions", "tokens in", "tokens out"):
        shown.add_column(title, justify="right", no_wrap=True)
    for each in estimates:
        tokens = (f"{each.usage.prompt:,}", f"{each.usage.completion:,}")
        money = (str(each.likely), str(each.most)) if each.most.amount else ("free", "free")
        shown.add_row(each.teacher, *money, time_left(each.seconds), f"{each.questions:,}", *tokens)
    return shown
