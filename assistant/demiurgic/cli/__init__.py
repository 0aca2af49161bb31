"""The command line: parses, calls one short function a command, and turns errors into one line and an exit code.

Exit codes: 0 done, 1 the work failed, 2 the input was wrong, 130 interrupted.
"""

import argparse
import errno
import importlib.metadata
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from demiurgic.cli import ask, classify, doctor, evaluate, models, talk
from demiurgic.cli.parsing import Parser
from demiurgic.cli.telling import tell
from demiurgic.config import Settings, load_settings
from demiurgic.errors import DemiurgicError, UserError
from demiurgic.waiting import wait_briefly


class Command(Protocol):
    """A module that is a command."""

    @property
    def HELP(self) -> str: ...

    @staticmethod
    def add_to(parser: argparse.ArgumentParser) -> None: ...


_INTERRUPTED = 130
_WHAT = "A coding assistant that lives on your machine. Without a command: talk to it."
_OWN: dict[str, Command] = {
    "classify": classify,
    "talk": talk,
    "models": models,
    "eval": evaluate,
    "doctor": doctor,
}
_FRONT_DOORS = "demiurgic.commands"
"""Packages that stand on the runtime bring commands of their own under this name. Each is a module like those here."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        code = _run(sys.argv[1:] if arguments is None else arguments)
        if not sys.stdout.closed:  # as a language server leaves it
            sys.stdout.flush()  # what cannot be written is told here, and not by Python at its end
        return code
    except DemiurgicError as error:
        tell(str(error))
        return 2 if isinstance(error, UserError) else 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        _give_up_output()  # whoever read it has had enough
        return 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            tell(_report(error))
        else:
            tell(f"{error.filename or 'the output'} cannot be written: the disk is full")
            if error.filename is None:
                _give_up_output()
        return 1
    except Exception as error:  # noqa: BLE001 - the last resort: a fault of ours, told in one line
        tell(_report(error))
        return 1


def _give_up_output() -> None:
    """Python would complain when it flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _commands() -> dict[str, Command]:
    found = importlib.metadata.entry_points(group=_FRONT_DOORS)
    return _OWN | {point.name: point.load() for point in found}


def _run(arguments: Sequence[str]) -> int:
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison] - it is where its descriptor is closed
        raise UserError("standard output is closed, so there is nowhere to answer", "demiurgic ... > FILE")
    commands = _commands()
    if arguments and arguments[0] in commands:
        options = _command_parser(commands).parse_args(arguments)
        settings = load_settings(_here())  # what programs of the user's see, they see as it was
        wait_briefly()
        return options.run(options, settings)
    options = _talk_parser(commands).parse_args(arguments)
    names = ("model", "context", "threads", "temperature", "approve", "sandbox")
    settings = load_settings(_here(), {name: getattr(options, name) for name in names})
    if options.print is None and options.tasks is None:
        return _interactive(options, settings)
    if options.prompt is not None:
        raise UserError(f"{options.prompt!r} stands behind a whole task", "put the prompt of -p in quotes")
    return ask.run(options, settings)


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise UserError("the current folder has been deleted", "cd to one that is there") from error


def _interactive(options: argparse.Namespace, settings: Settings) -> int:
    from demiurgic.repl.app import run_repl

    return run_repl(ask.opener(options, settings), settings, first=options.prompt)


def _talk_parser(commands: dict[str, Command]) -> argparse.ArgumentParser:
    listed = "\n".join(f"  {name:<10} {command.HELP}" for name, command in commands.items())
    parser = Parser(
        prog="demiurgic",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=f"{_WHAT}\n\ncommands:\n{listed}",
        epilog="Settings: ~/.config/demiurgic/config.toml, then DEMIURGIC_* variables, then these flags.",
    )
    version = f"demiurgic {importlib.metadata.version('demiurgic')}"
    parser.add_argument("--version", action="version", version=version, help="say which one this is")
    parser.add_argument("prompt", nargs="?", help="what to begin with")
    ask.add_arguments(parser)
    return parser


def _command_parser(known: dict[str, Command]) -> argparse.ArgumentParser:
    parser = Parser(prog="demiurgic")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in known.items():
        command.add_to(commands.add_parser(name, help=command.HELP))
    return parser


def _report(error: Exception) -> str:
    """Keep the whole story in a file, and say where."""
    folder = Settings().state_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "last-error.txt"
        file.write_text("".join(traceback.format_exception(error)), "utf-8")
    except OSError:
        traceback.print_exception(error)
        return f"{type(error).__name__}: {error}"
    return f"an error of ours: {type(error).__name__}: {error}; the whole story is in {file}"
