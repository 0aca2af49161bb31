"""What of a loop's plan is refused before its first stage is begun."""

from pathlib import Path

import pytest

from demiurgic.errors import UserError
from demiurgic_training.distilling.plan import read_plan


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("answers.budget=[-1usd]", "'-1usd' is no amount of money"),
        ("answers.budget=0usd", "a budget of 0usd buys nothing"),
        ("exporting.name=A Student", "'A Student' cannot name a model"),
        ("exporting.name=smollm2-135m", "the name of a model that comes with the program"),
        ("exporting.quantisations=[]", "no form of the student is wanted"),
        ("weights.kind=ptuning", "cannot be merged"),
        ("running.seed=1e9", "it is a whole number"),
    ],
)
def test_what_would_fail_after_hours_is_refused_at_once(override: str, problem: str):
    with pytest.raises(UserError, match=problem):
        read_plan(Path("tiny-loop"), [override])
