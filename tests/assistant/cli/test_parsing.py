import pytest

from demiurgic.cli.parsing import Parser
from demiurgic.errors import UserError


@pytest.fixture
def parser():
    parser = Parser(prog="demiurgic")
    train = parser.add_subparsers().add_parser("train")
    train.add_argument("recipe")
    train.add_argument("overrides", nargs="*")
    train.add_argument("--yes", action="store_true")
    return parser


def test_overrides_may_stand_before_and_behind_flags(parser):
    options = parser.parse_args(["train", "tiny", "a=1", "--yes", "b.c=2", "d="])
    assert (options.overrides, options.yes) == (["a=1", "b.c=2", "d="], True)


@pytest.mark.parametrize("word", ["--yess", "-x=1", "more"])
def test_what_is_no_override_is_still_refused(parser, word):
    with pytest.raises(UserError, match="unrecognized arguments"):
        parser.parse_args(["train", "tiny", "--yes", "b=2", word])


def test_commands_without_overrides_take_none():
    parser = Parser(prog="demiurgic")
    parser.add_argument("--yes", action="store_true")
    with pytest.raises(UserError, match="unrecognized arguments: a=1"):
        parser.parse_args(["--yes", "a=1"])
