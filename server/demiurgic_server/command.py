"""`demiurgic serve`: the models of this machine over HTTP, as OpenAI's and Anthropic's clients expect it."""

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from demiurgic.config import Settings
from demiurgic.errors import MissingExtra, UserError
from demiurgic_models.reading import read_small
from demiurgic_server.serving import LOOPBACK, Limits, Lora, Serving

HELP = "answer OpenAI's and Anthropic's clients over HTTP"
_CONTEXT = 8192


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    usual, limits = Serving(), Limits()
    add = parser.add_argument
    add("--model", action="append", metavar="M", help="a registry name or .gguf file; several: clients choose")
    add("--host", default=usual.host, help=f"where to listen (default {usual.host}; elsewhere only with a key)")
    add("--port", type=_port, default=usual.port, help=f"default {usual.port}; 0: any")
    add("--parallel", type=int, default=limits.parallel, metavar="N", help="replies written together")
    add("--ctx", type=int, metavar="N", help=f"tokens of each conversation (default {_CONTEXT})")
    add("--queue", type=int, default=limits.queue, metavar="N", help="requests that may wait; more get status 429")
    add("--timeout", type=float, default=limits.seconds, metavar="S", help="seconds that a request may take")
    add("--api-key", action="append", default=[], metavar="KEY", help="let in who sends it; may be repeated")
    add("--api-key-file", type=Path, metavar="FILE", help="keys, one a line; DEMIURGIC_SERVE_KEYS works as well")
    add("--allow-host", action="append", default=[], metavar="NAME", help="another name that clients call it by")
    add("--cors", action="append", default=[], metavar="ORIGIN", help="web pages from there may call it")
    add("--lora", action="append", default=[], metavar="NAME=FILE[@SCALE]", help="an adapter, named like a model")
    add("--allow-agents", action="append", default=[], type=Path, metavar="DIR", help="agents may work beneath it")
    add("--tls-cert", type=Path, metavar="FILE", help="serve https with this certificate")
    add("--tls-key", type=Path, metavar="FILE", help="the certificate's key")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Serve until a signal ends it."""
    try:
        import fastapi  # noqa: F401 # pyright: ignore[reportUnusedImport]
        import prometheus_client  # noqa: F401 # pyright: ignore[reportUnusedImport]
        import uvicorn  # noqa: F401 # pyright: ignore[reportUnusedImport]
    except ModuleNotFoundError as error:
        raise MissingExtra("the server", "server") from error
    from demiurgic_server.running import run_server

    serving = _serving(options, settings)
    wishes = replace(settings, parallel=serving.limits.parallel, context=options.ctx or settings.context or _CONTEXT)
    return run_server(serving, wishes, tuple(options.model or ()))


def _serving(options: argparse.Namespace, settings: Settings) -> Serving:
    keys = _keys(options, settings)
    if options.host not in LOOPBACK and not keys:
        raise UserError(
            f"whoever reaches {options.host} could use this machine's models and agents without a key",
            "give one: --api-key KEY; or listen on 127.0.0.1",
        )
    if (options.tls_cert is None) != (options.tls_key is None):
        raise UserError("--tls-cert and --tls-key go together")
    for name in ("tls_cert", "tls_key"):
        file = getattr(options, name)
        if file is not None and not file.is_file():
            raise UserError(f"there is no file {file}")
    amounts = (options.parallel, options.queue + 1, options.timeout, 1 if options.ctx is None else options.ctx)
    if not all(amount > 0 for amount in amounts):
        raise UserError("--parallel, --ctx and --timeout must be more than 0, and --queue at least 0")
    return Serving(
        host=options.host,
        port=options.port,
        keys=keys,
        hosts=tuple(options.allow_host),
        origins=tuple(map(_origin, options.cors)),
        roots=tuple(_root(path) for path in options.allow_agents),
        loras=_loras(options.lora),
        certificate=options.tls_cert,
        private_key=options.tls_key,
        limits=Limits(parallel=options.parallel, queue=options.queue, seconds=options.timeout),
    )


def _keys(options: argparse.Namespace, settings: Settings) -> tuple[str, ...]:
    keys = [*options.api_key, *(settings.serve_keys or "").split()]
    if options.api_key_file is not None:
        try:
            lines = read_small(options.api_key_file, pipes=True).split()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{options.api_key_file} cannot be read: {error}") from error
        if not lines:
            raise UserError(f"{options.api_key_file} holds no key, so everybody would be let in")
        keys += lines
    if not all(key and key == key.strip() and key.isprintable() for key in keys):
        raise UserError(
            "a key must be letters that a header can hold, and at least one", "--api-key $(openssl rand -hex 24)"
        )
    return tuple(keys)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 2**16:
        raise argparse.ArgumentTypeError(f"{port} is not between 0 and 65535")
    return port


def _origin(text: str) -> str:
    """As browsers write it: anything else would never be the same."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or text != f"{parts.scheme}://{parts.netloc.lower()}":
        raise UserError(f"--cors {text!r} is not the origin of a page", "--cors https://pages.example")
    return text


def _loras(texts: Sequence[str]) -> tuple[Lora, ...]:
    loras = tuple(map(_lora, texts))
    if len({lora.name for lora in loras}) < len(loras):
        raise UserError("two adapters have the same name")
    return loras


def _lora(text: str) -> Lora:
    name, _, rest = text.partition("=")
    file, _, scale = rest.rpartition("@") if "@" in rest else (rest, "", "1")
    try:
        lora = Lora(name, Path(file).expanduser(), float(scale))
    except ValueError as error:
        raise UserError(f"--lora {text!r} has no number behind the @", "--lora NAME=FILE@0.5") from error
    if not name or not lora.path.is_file() or not math.isfinite(lora.scale):
        raise UserError(f"--lora {text!r} names no adapter file", "--lora NAME=FILE")
    return lora


def _root(path: Path) -> Path:
    if not path.is_dir():
        raise UserError(f"--allow-agents {path} is no folder")
    return path.resolve()
