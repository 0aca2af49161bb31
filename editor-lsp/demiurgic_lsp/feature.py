"""What a part of the language server is."""

from typing import Protocol

from pygls.lsp.server import LanguageServer


class Feature(Protocol):
    """One thing that editors can ask for."""

    def register(self, server: LanguageServer) -> None:
        """Say what it answers to. Called once, before the server starts."""
        ...
