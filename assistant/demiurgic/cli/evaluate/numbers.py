"""Numbers as the commands take them."""

from demiurgic.errors import UserError


def ks_of(text: str) -> list[int]:
    """Which pass@k are wanted: `1,10`. Raises UserError."""
    try:
        ks = [int(part) for part in text.split(",")]
    except ValueError:
        ks = [0]
    if min(ks) < 1:
        raise UserError(f"--k is {text!r}; it takes numbers, such as 1,10")
    return ks
