"""Flags as they are read: what is wrong with them is an error like any other, one line that names the next step."""

import argparse
from typing import NoReturn

from demiurgic.errors import UserError


class Parser(argparse.ArgumentParser):
    """Raises what is wrong, where argparse would print all flags. Parsers of its commands are of this kind too."""

    def error(self, message: str) -> NoReturn:
        """Raise UserError."""
        raise UserError(message, f"{self.prog} --help")
