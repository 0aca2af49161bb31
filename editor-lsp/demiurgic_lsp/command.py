"""`demiurgic lsp`: the language server that editors start."""

import argparse
from dataclasses import replace

from demiurgic.config import Settings
from demiurgic.errors import MissingExtra

HELP = "complete code in editors, as a language server"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add("--model", metavar="M", help="a registry name or .gguf file; one that has learnt to fill holes")
    add("--stdio", action="store_true", help="talk over the standard streams, as is done without it, too")
    add("--tcp", type=int, metavar="PORT", help="wait for an editor at this port of this machine instead")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Serve one editor until it leaves."""
    try:
        from demiurgic_lsp.serving import run_server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise MissingExtra("the language server", "lsp") from error
    return run_server(replace(settings, model=options.model or settings.model), options.tcp)
