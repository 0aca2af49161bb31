"""What is not worth learning: each reason in a file of its own, and all of them one small protocol.

They stand in the order of their cost, and the first that objects decides. None of them changes a row.
"""

from collections.abc import Iterable, Sequence

from demiurgic.errors import UserError
from demiurgic_training.filters.fences import OpenFence
from demiurgic_training.filters.length import Empty, Short
from demiurgic_training.filters.missing_code import MissingCode
from demiurgic_training.filters.placeholders import Placeholder
from demiurgic_training.filters.protocol import Filter
from demiurgic_training.filters.refusals import Refusal
from demiurgic_training.filters.repeating import Repeating
from demiurgic_training.filters.syntax import BadSyntax
from demiurgic_training.filters.truncation import Truncated

USUAL: tuple[Filter, ...] = (
    Empty(),
    Short(),
    Truncated(),
    Refusal(),
    OpenFence(),
    Repeating(),
    MissingCode(),
    Placeholder(),
    BadSyntax(),
)
"""All that need nothing but the row."""


def without(names: Iterable[str], filters: Sequence[Filter] = USUAL) -> tuple[Filter, ...]:
    """The filters but for those named. Raises UserError where one is none of them."""
    left_out, known = list(names), [each.name for each in filters]
    for name in left_out:
        if name not in known:
            raise UserError(f"there is no filter {name!r}", f"it is one of {', '.join(known)}")
    return tuple(each for each in filters if each.name not in left_out)
