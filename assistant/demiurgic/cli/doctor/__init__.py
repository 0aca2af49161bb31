"""`demiurgic doctor`: what works on this machine, what does not, and the command that mends it.

finding.py   one thing looked at        showing.py    all of them as lines or as JSON
versions.py  Python, packages, extras   engine.py     the library that evaluates models, and what it was built for
processor.py what the CPU can do        gpus.py       graphics cards
room.py      memory, disk, folders      models.py     model files: there and whole
sandboxes.py each kind, really tried    programs.py   git, compiler, ripgrep
editors.py   which are here             network.py    what may be fetched; nothing is asked without --network
"""

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from demiurgic.cli.doctor.finding import Finding
from demiurgic.config import Settings

HELP = "what works on this machine, and what mends the rest"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Describe the command to its parser."""
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    parser.add_argument("--verify", action="store_true", help="read all of each model again: seconds for a gigabyte")
    parser.add_argument("--network", action="store_true", help="ask the places that models come from if they answer")
    parser.add_argument("--build-sandbox", action="store_true", help="build the image of the docker sandbox")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Look at everything; 0 if what is needed works, else 1."""
    if options.build_sandbox:
        return _build_sandbox(settings)
    from demiurgic.cli.doctor.showing import as_json, lines, summary

    started, found = time.monotonic(), list[Finding]()
    for finding in _findings(settings, verify=options.verify, contact=options.network):
        found.append(finding)
        if not options.json:
            print("\n".join(lines(finding)), flush=True)
    seconds = time.monotonic() - started
    print(as_json(found, seconds) if options.json else summary(found, seconds))
    return 0 if all(finding.fine or not finding.needed for finding in found) else 1


def _findings(settings: Settings, *, verify: bool, contact: bool) -> Iterator[Finding]:
    """In the order of the list, whichever is done first: much of it waits for other programs."""
    from demiurgic.cli.doctor import editors, engine, models, network, programs, room, sandboxes, versions

    looks: list[Callable[[], Iterable[Finding]]] = [
        versions.look,
        engine.look,
        partial(room.look, settings),
        partial(models.look, settings, verify=verify),
        partial(sandboxes.look, settings),
        programs.look,
        editors.look,
        partial(network.look, settings, contact=contact),
    ]
    with ThreadPoolExecutor(len(looks)) as pool:
        for looked in [pool.submit(_all, look) for look in looks]:
            yield from looked.result()


def _all(look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    return list(look())


def _build_sandbox(settings: Settings) -> int:
    import importlib.util

    from demiurgic.errors import MissingExtra

    if importlib.util.find_spec("docker") is None:
        raise MissingExtra("the docker SDK", "docker")
    from demiurgic.sandbox.docker.backend import DockerBackend

    print(f"built {DockerBackend(settings.docker).build_image(print)}")
    return 0
