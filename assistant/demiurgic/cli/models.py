"""`demiurgic models …`: which models there are, fetching them, looking into them."""

import argparse

from demiurgic.config import Settings
from demiurgic.errors import UserError

HELP = "list, pull, look into, remove and recommend models"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command and its own commands to its parser."""
    own = parser.add_subparsers(metavar="COMMAND", required=True)
    own.add_parser("list", help="all models known by name, and which are here").set_defaults(run=_list)
    pull = own.add_parser("pull", help="fetch models; goes on where it stopped")
    pull.add_argument("names", nargs="*", metavar="NAME")
    pull.add_argument("--default", action="store_true", help="the model that suits this machine")
    pull.set_defaults(run=_pull)
    info = own.add_parser("info", help="what is in a model, by name or by path of any .gguf file")
    info.add_argument("name", metavar="NAME_OR_PATH")
    info.add_argument(
        "--at-context", type=int, default=8192, metavar="N", help="tell the memory needed for this context"
    )
    info.set_defaults(run=_info)
    remove = own.add_parser("remove", help="delete a model's file")
    remove.add_argument("names", nargs="+", metavar="NAME")
    remove.set_defaults(run=_remove)
    own.add_parser("recommend", help="which model suits this machine").set_defaults(run=_recommend)


def _list(_options: argparse.Namespace, settings: Settings) -> int:
    from rich.table import Table

    from demiurgic.cli.screen import console
    from demiurgic.compose import default_model, registry
    from demiurgic_models.store import Store

    store, default = Store(settings.models_dir), default_model(settings)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("name", "size", "quant", "needs", "licence", ""):
        table.add_column(title, no_wrap=title != "licence")
    for entry in registry(settings).values():
        state = "here" if store.has(entry) else "partly" if store.part(entry).exists() else ""
        name = f"{entry.name} *" if entry.name == default else entry.name
        table.add_row(name, entry.parameters, entry.quantisation, f"{entry.ram:g} GB", entry.licence, state)
    console().print(table)
    console().print("* the default on this machine", style="dim")
    return 0


def _pull(options: argparse.Namespace, settings: Settings) -> int:
    from demiurgic.cli.screen import pulling
    from demiurgic.compose import default_model, pull_options, registry
    from demiurgic_models.pull import pull
    from demiurgic_models.registry import find
    from demiurgic_models.store import Store

    names = [*options.names, *([settings.model or default_model(settings)] if options.default else [])]
    if not names:
        raise UserError("no model is named", "demiurgic models pull NAME, or --default; demiurgic models list")
    entries = registry(settings)
    store = Store(settings.models_dir)
    for entry in [find(entries, name) for name in names]:
        with pulling(entry.name) as report:
            path = pull(entry, store, pull_options(settings), report)
        print(f"{entry.name}: {path}")
    return 0


def _info(options: argparse.Namespace, settings: Settings) -> int:
    from demiurgic.cli.screen import console
    from demiurgic.compose import describe_model, model_file
    from demiurgic.workspace.shown import visible

    if options.at_context < 1:
        raise UserError(f"--at-context is {options.at_context}; at least one token is expected")
    path, _ = model_file(settings, options.name)
    for label, value in describe_model(path, options.at_context):
        console().print(f"[bold]{label:<14}[/bold] ", end="")
        console().print(visible(value), markup=False, highlight=False)
    return 0


def _remove(options: argparse.Namespace, settings: Settings) -> int:
    from demiurgic.compose import registry
    from demiurgic_models.registry import find
    from demiurgic_models.store import Store

    entries, store = registry(settings), Store(settings.models_dir)
    for entry in [find(entries, name) for name in options.names]:
        removed = store.remove(entry)
        if not removed.found:
            print(f"{entry.name} was not here")
            continue
        kept = "; the hub's own cache still holds a copy" if removed.shared else ""
        print(f"{entry.name}: {removed.freed / 1e6:.0f} MB freed{kept}")
    return 0


def _recommend(_options: argparse.Namespace, settings: Settings) -> int:
    from demiurgic.cli.doctor.gpus import gpu_memory
    from demiurgic.compose import memory_total, registry
    from demiurgic_models.recommend import recommend

    for advice in recommend(registry(settings), memory_total(), gpu_memory()):
        mark = "✓" if advice.fits else "✗"
        print(f"{mark} {advice.entry.name:<20} {advice.why}")
    return 0
