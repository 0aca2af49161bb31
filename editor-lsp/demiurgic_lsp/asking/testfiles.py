"""Where the tests of a file belong."""

from collections.abc import Sequence
from pathlib import Path

from demiurgic.errors import UserError

_FOLDERS = ("tests", "test", "__tests__", "spec")
_MOST = 100
_NAMES = {
    ".py": "test_{stem}{suffix}",
    ".go": "{stem}_test{suffix}",
    ".rb": "{stem}_spec{suffix}",
    ".java": "{stem}Test{suffix}",
    ".kt": "{stem}Test{suffix}",
}
_BESIDE = (".go",)
"""Languages whose tests stand beside what they test."""


def test_file_for(path: str, roots: Sequence[Path]) -> Path:
    """A file that does not exist yet, named as the language has it, in the project's folder of tests, if any."""
    file = Path(path)
    if not file.is_absolute():
        raise UserError("the document is in no file yet", "save it first")
    folder = file.parent if file.suffix in _BESIDE else _folder(file, roots)
    name = _NAMES.get(file.suffix, "{stem}.test{suffix}")
    names = [name.format(stem=file.stem, suffix=file.suffix)]
    names += [name.format(stem=f"{file.stem}_{number}", suffix=file.suffix) for number in range(2, _MOST)]
    free = [folder / one for one in names if not (folder / one).exists()]
    if not free:
        raise UserError(f"{folder} holds {_MOST} files of tests for {file.name} already", "remove some")
    return free[0]


def _folder(file: Path, roots: Sequence[Path]) -> Path:
    above = [file.parent, *file.parents]
    inside = [folder for folder in above if any(folder.is_relative_to(root) for root in roots)]
    for folder in inside:
        for name in _FOLDERS:
            if (folder / name).is_dir():
                return folder / name
    return file.parent
