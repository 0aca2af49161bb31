"""What the teacher of a loop will likely take, before anything is begun."""

from contextlib import ExitStack

from rich.console import Console

from demiurgic.compose.chat import remote
from demiurgic.config import Settings
from demiurgic.errors import UserError
from demiurgic.messages import User
from demiurgic_training.distilling.plan import SNIPPETS, TAXONOMY, Plan
from demiurgic_training.teachers.agreeing import tell
from demiurgic_training.teachers.estimating import Circumstances, Foreseen, estimate
from demiurgic_training.teachers.money import parse_budget
from demiurgic_training.teachers.opening import Reach, hire
from demiurgic_training.teachers.prices import PriceList, load_prices
from demiurgic_training.teachers.protocol import question

_TASK_BYTES, _ANSWER_TOKENS = 900, 700


def check_money(plan: Plan, settings: Settings) -> None:
    """Nobody is there to ask while a loop runs. Raises UserError where the teacher takes money, and how much it may
    take was not said."""
    prices = _prices(plan, settings)
    price = prices.prices.get(prices.full_name(plan.teacher))
    if not plan.answers.budget and price and (price.input or price.output):
        raise UserError(f"{plan.teacher} takes money, and there is no budget", "answers.budget=[10usd]")


def tell_money(plan: Plan, settings: Settings, screen: Console) -> None:
    """Show it, as if the student could do nothing and every task went to the teacher. Raises UserError."""
    check_money(plan, settings)
    prices, caps = _prices(plan, settings), parse_budget(plan.answers.budget)
    if not remote(settings, prices.full_name(plan.teacher)):
        screen.print(f"free: {plan.teacher} answers on this machine", markup=False)
        return
    each = 2 if plan.tasks.source == TAXONOMY or plan.tasks.source.startswith(SNIPPETS) else 1
    ask = question((User("x" * _TASK_BYTES),), plan.answers.max_tokens)
    with ExitStack() as opened:
        teachers = hire([plan.teacher], settings, prices, opened, Reach())
        likely = [Foreseen(plan.teacher, ask, _ANSWER_TOKENS)] * each
        estimates = estimate(likely, teachers, Circumstances(plan.answers.parallel, scale=plan.tasks.count))
    tell(estimates, caps, screen)


def _prices(plan: Plan, settings: Settings) -> PriceList:
    return load_prices(settings.prices, [f"{plan.teacher}={plan.answers.price}"] if plan.answers.price else ())
