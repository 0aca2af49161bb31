"""What a conversation asks of whatever shows it: a terminal that moves, or plain lines."""

from typing import Protocol

from demiurgic.repl.items import Facts, Shown


class Front(Protocol):
    """Where things are shown. Any thread may call."""

    def show(self, item: Shown) -> None:
        """Something happened."""
        ...

    def tell(self, facts: Facts) -> None:
        """What the status line says from now on."""
        ...

    def prefill(self, text: str) -> None:
        """Offer a text for editing."""
        ...
