"""Small functions over lists of numbers, to be learned and to be examined in: as many as one likes, each with tests.

A function keeps some of its numbers and makes one result of them. A way to keep and a result that stand together in
what is examined stand together in no task that is learned from, whatever the number and the words: who has learned
the parts must put them together anew. The problems are in HumanEval's format. They are no measure of what a model can
do; they show that it has learned.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias, cast

from demiurgic.errors import UserError
from demiurgic.evaluation.problems import Problem


@dataclass(frozen=True, slots=True)
class _Part:
    """A step: its name, ways to say it, and its code, in which `only` stands for the way to keep."""

    name: str
    words: tuple[str, ...]
    code: str


_KEEP = (
    _Part("above", ("above {a}", "greater than {a}"), "num > {a}"),
    _Part("below", ("below {a}", "less than {a}"), "num < {a}"),
    _Part("from", ("not below {a}", "not less than {a}"), "num >= {a}"),
    _Part("up_to", ("not above {a}", "not greater than {a}"), "num <= {a}"),
    _Part("other_than", ("other than {a}", "not equal to {a}"), "num != {a}"),
    _Part("multiples_of", ("divisible by {a}", "that are multiples of {a}"), "num % {a} == 0"),
    _Part("no_multiples_of", ("not divisible by {a}", "that are no multiples of {a}"), "num % {a} != 0"),
)
_RESULT = (
    _Part("sum", ("Sum of numbers {kept}.", "Total of numbers {kept}."), "sum(num for num in numbers{only})"),
    _Part("count", ("Count of numbers {kept}.", "Number of numbers {kept}."), "sum(1 for num in numbers{only})"),
    _Part(
        "sorted", ("Sorted list of numbers {kept}.", "Numbers {kept}, sorted."), "sorted(num for num in numbers{only})"
    ),
    _Part(
        "reversed",
        ("Reversed list of numbers {kept}.", "Numbers {kept}, reversed."),
        "[num for num in numbers{only}][::-1]",
    ),
    _Part("distinct", ("Set of numbers {kept}.", "Numbers {kept}, as a set."), "{num for num in numbers{only}}"),
    _Part("tuple", ("Tuple of numbers {kept}.", "Numbers {kept}, as a tuple."), "tuple(num for num in numbers{only})"),
    _Part(
        "squares",
        ("Squares of numbers {kept}.", "List of squares of numbers {kept}."),
        "[num**2 for num in numbers{only}]",
    ),
    _Part(
        "doubles",
        ("Doubles of numbers {kept}.", "List of doubles of numbers {kept}."),
        "[num * 2 for num in numbers{only}]",
    ),
)
_NUMBERS = range(2, 31)
_HEAD = "def answer(numbers):\n"
"""All have one name: who sees only what a function is called shall not know what it does."""
_SHARE = 2
"""One of so many pairs is kept for examinations."""
_CASES = 6
_Kind: TypeAlias = tuple[_Part, _Part]


@dataclass(frozen=True, slots=True)
class Functions:
    """Tasks to learn from, and problems to be examined in that have no function in common with them."""

    learned: tuple[Problem, ...]
    held_out: tuple[Problem, ...]


def make_functions(learned: int, held_out: int, seed: int) -> Functions:
    """So many of each, the same ones each time. Raises UserError where there are not so many to be had."""
    kinds = list(product(_KEEP, _RESULT))
    random.Random(f"functions {seed}").shuffle(kinds)
    border = len(kinds) // _SHARE
    most = border * len(_NUMBERS)
    if max(learned, held_out) > most:
        raise UserError(f"there are no {max(learned, held_out)} functions", f"there are {most} of each")
    return Functions(
        tuple(_problem("learned", kinds[border:], number, seed) for number in range(learned)),
        tuple(_problem("held-out", kinds[:border], number, seed) for number in range(held_out)),
    )


def told_of(problem: Problem) -> str:
    """What one of these functions is to do, in words."""
    return problem.prompt.split('"""')[1]


def easy_functions(count: int, seed: int) -> Iterator[Problem]:
    """Functions of one part: what somebody can who has yet to learn the rest."""
    chance = random.Random(f"easy {seed}")
    for number in range(count):
        part, known = chance.choice((*_KEEP, *_RESULT)), chance.choice(_NUMBERS)
        if part in _KEEP:
            told = f"List of numbers {chance.choice(part.words).format(a=known)}."
            code = f"[num for num in numbers if {part.code.format(a=known)}]"
        else:
            told = chance.choice(part.words).format(kept="given")
            code = part.code.replace("{only}", "")
        prompt = f'{_HEAD}    """{told}"""\n'
        yield Problem(f"easy/{part.name}/{number}", prompt, "answer", "", f"    return {code}\n")


def _problem(what: str, kinds: list[_Kind], number: int, seed: int) -> Problem:
    turn, place = divmod(number, len(kinds))
    keep, result = kinds[place]
    task_id = f"{what}/{result.name}-{keep.name}/{turn}"
    known = random.Random(f"{keep.name} {result.name} {seed}").sample(_NUMBERS, len(_NUMBERS))[turn]
    chance = random.Random(f"{task_id} {seed}")
    told = chance.choice(result.words).format(kept=chance.choice(keep.words).format(a=known))
    body = f"    return {result.code.replace('{only}', f' if {keep.code.format(a=known)}')}\n"
    cases = list(_cases(_HEAD + body, known, chance))
    asserts = "".join(f"    assert candidate({given}) == {wanted!r}\n" for given, wanted in cases)
    return Problem(task_id, f'{_HEAD}    """{told}"""\n', "answer", f"def check(candidate):\n{asserts}", body)


def _cases(source: str, known: int, chance: random.Random) -> Iterator[tuple[list[int], object]]:
    """Lists and what the function makes of them. The number that it knows, and its neighbours, are among them."""
    space: dict[str, object] = {}
    exec(source, space)
    solution = cast("Callable[[list[int]], object]", space["answer"])
    telling = [known - 1, known, known, known + 1, known * 2, known * 3, -known, 0, 1, 2]
    for number in range(_CASES):
        given = [*chance.sample(telling, 3), *chance.choices(range(-20, 60), k=3)] if number < _CASES - 1 else []
        chance.shuffle(given)
        yield given, solution(given)
