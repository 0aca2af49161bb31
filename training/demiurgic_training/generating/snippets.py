"""Seeds from code that is there: pieces of the files of a folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demiurgic.errors import UserError
from demiurgic_training.generating.seeds import Seed, dice
from demiurgic_training.generating.wording import worded

_LARGEST = 1 << 20
_FEWEST_LINES, _MOST_LINES = 6, 24
_ENDINGS = "py js ts go rs java c h cc cpp hpp cs rb php sh kt swift scala lua sql jl r pl hs ml"
CODE = frozenset(map(".{}".format, _ENDINGS.split(" ")))


@dataclass(frozen=True, slots=True)
class Snippets:
    """Satisfies `Seeds`."""

    folder: Path
    files: Sequence[Path]
    licence: str = ""
    run: int = 0

    most = None

    def seed(self, number: int) -> Seed:
        """Some lines in a row. Files are taken in turn, so that large ones do not drown small ones."""
        order = list(self.files)
        dice("files", number // len(order), self.run).shuffle(order)
        file, chance = order[number % len(order)], dice("lines", number, self.run)
        lines = file.read_text("utf-8", "replace").splitlines()
        count = min(len(lines), chance.randint(_FEWEST_LINES, _MOST_LINES))
        start = chance.randint(0, len(lines) - count)
        where = f"{file.relative_to(self.folder)}:{start + 1}"
        return Seed(where, worded("snippet", snippet="\n".join(lines[start : start + count])), licence=self.licence)


def load_snippets(folder: Path, licence: str = "", run: int = 0) -> Snippets:
    """The code files of a folder. Raises UserError where there are none."""
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder", "name the folder that holds the code: --snippets DIR")
    files = sorted(path for path in folder.rglob("*") if path.suffix in CODE and _fits(path, folder))
    if not files:
        raise UserError(f"{folder} holds no code", f"files are known by their endings: {' '.join(sorted(CODE))}")
    return Snippets(folder, files, licence, run)


def _fits(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.is_file() and 0 < path.stat().st_size <= _LARGEST and _long_enough(path)


def _long_enough(path: Path) -> bool:
    return path.read_bytes().count(b"\n") >= _FEWEST_LINES
