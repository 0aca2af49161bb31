import pytest

from demiurgic.errors import UserError
from demiurgic_training.distilling.functions import easy_functions, make_functions


def run(problem, body):
    space: dict[str, object] = {}
    exec(problem.prompt + body + problem.test, space)
    return space["check"](space[problem.entry_point])  # type: ignore[operator]


def test_every_function_passes_its_own_test_and_an_empty_one_fails_it():
    made = make_functions(200, 60, 0)
    for problem in (*made.learned, *made.held_out):
        run(problem, problem.canonical_solution)
        with pytest.raises(AssertionError):
            run(problem, "    pass\n")


def kinds(problems):
    return {each.task_id.split("/")[1] for each in problems}


def test_nothing_that_is_examined_is_learned():
    made = make_functions(800, 60, 0)
    results = [{kind.split("-")[0] for kind in kinds(some)} for some in (made.learned, made.held_out)]
    assert len(results[0] & results[1]) > 3  # the same ones, but of other numbers
    assert not kinds(made.learned) & kinds(made.held_out)
    assert not kinds(easy_functions(2000, 0)) & (kinds(made.learned) | kinds(made.held_out))
    codes = [{each.canonical_solution for each in some} for some in (made.learned, made.held_out)]
    assert not codes[0] & codes[1]


def test_the_same_number_makes_the_same_functions():
    assert make_functions(20, 10, 3) == make_functions(20, 10, 3)
    assert make_functions(20, 10, 3).learned != make_functions(20, 10, 4).learned
    assert make_functions(20, 10, 3).learned[:5] == make_functions(5, 10, 3).learned


def test_a_function_comes_once_with_each_number():
    made = make_functions(0, 500, 0).held_out
    assert len({each.canonical_solution for each in made}) == 500


def test_there_are_so_many_and_no_more():
    with pytest.raises(UserError, match="there are no 10000 functions"):
        make_functions(1, 10_000, 0)
