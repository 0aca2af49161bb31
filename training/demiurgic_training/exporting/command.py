"""`demiurgic export`: makes GGUF files of a run, a checkpoint or an adapter."""

import argparse
import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

from demiurgic.config import Settings
from demiurgic.errors import MissingExtra, UserError
from demiurgic_training.exporting.wish import Quantisation, Wish
from demiurgic_training.quiet import quieten_libraries

if TYPE_CHECKING:
    from demiurgic_training.exporting.wish import Exported

HELP = "make GGUF files of what was taught, with a proof beside them"
_USUAL = "Q4_K_M"
_NEEDED = ("torch", "transformers", "gguf", "peft", "llama_cpp")


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    forms = ", ".join(Quantisation)
    add = parser.add_argument
    add("source", type=Path, metavar="RUN", help="folder of a run, of a checkpoint or of an adapter")
    add("--quant", action="append", metavar="FORM", help=f"{forms}; several, or apart by commas (default: {_USUAL})")
    add(
        "--out",
        type=Path,
        metavar="DIR",
        help="where the files go (default: the run's own folder, or one by NAME here)",
    )
    add("--name", metavar="NAME", help="what the model is called afterwards (default: as the folder is)")
    add("--force", action="store_true", help="keep and register what fails its certificate; its card says so")
    add("--no-register", action="store_true", help="do not make `--model NAME` work")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Export, telling what is being done, and show the certificate."""
    if missing := [package for package in _NEEDED if importlib.util.find_spec(package) is None]:
        raise MissingExtra(f"{missing[0]}, without which nothing is exported,", "train")
    from rich.console import Console

    from demiurgic_training.exporting.running import export
    from demiurgic_training.tuning.stopping import listening

    quieten_libraries()
    screen = Console(stderr=True, highlight=False, soft_wrap=True)
    with listening():  # a SIGTERM, too, sweeps away what is half there: it may be many gigabytes
        exported = export(_wish(options, settings), lambda what: screen.print(f"{what} …", style="dim"))
    _show(exported)
    return 0


def _wish(options: argparse.Namespace, settings: Settings) -> Wish:
    source: Path = options.source
    name = options.name or _named(source)
    return Wish(
        source=source,
        quantisations=_forms(options.quant or [_USUAL]),
        out=options.out or _out(source, name),
        name=name,
        register=not options.no_register,
        force=options.force,
        registry=settings.own_registry,
    )


def _forms(given: list[str]) -> tuple[Quantisation, ...]:
    words = [word.strip().upper() for text in given for word in text.split(",") if word.strip()]
    for word in words:
        if word not in tuple(Quantisation):
            raise UserError(f"there is no form {word!r}", f"known are {', '.join(Quantisation)}")
    return tuple(dict.fromkeys(map(Quantisation, words)))


def _named(source: Path) -> str:
    """The folder's name, as models may be called."""
    return re.sub(r"[^a-z0-9._-]+", "-", source.resolve().name.lower()).strip("-._")


def _out(source: Path, name: str) -> Path:
    from demiurgic_training.tuning.folder import RunFolder

    run = RunFolder(source)
    return run.exports if run.recipe.is_file() else Path(f"{name}-gguf")


def _show(exported: "Exported") -> None:
    import json

    from rich.console import Console
    from rich.table import Table

    held = json.loads(exported.certificate.read_text("utf-8"))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("form", "size", "logits differ by", "KL", "same likeliest token", ""):
        table.add_column(title, no_wrap=True)
    for file in held["files"]:
        measured: dict[str, float] = file["measured"] or {}
        path = exported.files.get(Quantisation(file["form"]))
        table.add_row(
            file["form"],
            f"{path.stat().st_size / 1e6:,.1f} MB" if path else "not kept",
            f"{measured.get('difference', 0):.2g}",
            f"{measured.get('divergence', 0):.4f}",
            f"{measured.get('agreement', 0):.1%}",
            "agrees" if file["agrees"] else "FAILS",
        )
    screen = Console(highlight=False, soft_wrap=True)
    screen.print(table)
    screen.print(f"certificate {exported.certificate}\ncard        {exported.card}\nOllama      {exported.modelfile}")
    for name in exported.names:
        screen.print(f"demiurgic --model {name}")
