"""`demiurgic studio`: a page in the browser for data, training, evaluation, export and chat."""

import argparse

from demiurgic.config import Settings
from demiurgic.errors import MissingExtra, UserError

HELP = "a page in the browser for data, training, evaluation, export and chat"
_PORT = 8472


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    add = parser.add_argument
    add("--port", type=int, default=_PORT, help=f"default {_PORT}; 0: any")
    add("--allow-host", action="append", default=[], metavar="NAME", help="another name that the page is called by")
    add("--no-browser", action="store_true", help="only print the page's address")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Serve the page until a signal ends it. Only this machine can reach it."""
    if not 0 <= options.port < 2**16:
        raise UserError(f"--port is {options.port}; from 0 to 65535 is possible", f"--port {_PORT}")
    try:
        import fastapi  # noqa: F401 # pyright: ignore[reportUnusedImport]
        import prometheus_client  # noqa: F401 # pyright: ignore[reportUnusedImport]
        import uvicorn  # noqa: F401 # pyright: ignore[reportUnusedImport]
    except ModuleNotFoundError as error:
        raise MissingExtra("the studio", "server") from error
    from demiurgic_server.studio.running import run_studio

    return run_studio(settings, options.port, tuple(options.allow_host), browser=not options.no_browser)
