"""Flags as they are read: what is wrong with them is an error like any other, one line that names the next step."""

import argparse
from collections.abc import Iterable
from typing import Any, NoReturn

from demiurgic.errors import UserError


class Parser(argparse.ArgumentParser):
    """Raises what is wrong, where argparse would print all flags. Parsers of its commands are of this kind too."""

    def error(self, message: str) -> NoReturn:
        """Raise UserError."""
        raise UserError(message, f"{self.prog} --help")

    def parse_args(  # pyright: ignore[reportIncompatibleMethodOverride] - argparse tells of each way to call it
        self,
        args: Iterable[str] | None = None,
        namespace: Any = None,  # noqa: ANN401
    ) -> argparse.Namespace:
        """The same with overrides behind flags as well, which argparse refuses: `train NAME --yes out=here`."""
        options, rest = self.parse_known_args(args, namespace)
        overrides: list[str] | None = getattr(options, "overrides", None)
        if overrides is not None:
            overrides += [word for word in rest if _is_override(word)]
            rest = [word for word in rest if not _is_override(word)]
        if rest:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        return options


def _is_override(word: str) -> bool:
    return "=" in word and not word.startswith("-")
