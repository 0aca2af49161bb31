"""Datasets of Hugging Face's library: folders that it saved or can load, and names on its hub.

Its tables want every row to have the same fields, which messages, tools and what is known of a row have not. They are
kept as its JSON values, which come back as they went.
"""

import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from demiurgic.errors import DemiurgicError, MissingExtra, UserError
from demiurgic.messages import Json
from demiurgic_training.files import BadLine
from demiurgic_training.rows import Pair, Row, pair_to_json, row_to_json

HUB = "hf:"
_SAVED = ("state.json", "dataset_dict.json")
"""What is in the folder of a dataset that the library saved."""


def read_dataset(
    name: str, read: Callable[[Mapping[str, Json]], Row | Pair], split: str = "train"
) -> Iterator[Row | Pair | BadLine]:
    """What a reader makes of the rows of a dataset: a folder, or `hf:` and a name that the hub knows. Raises
    UserError."""
    for number, held in enumerate(_loaded(name, split), 1):
        try:
            yield read(held)
        except ValueError as error:
            yield BadLine(Path(name), number, str(error))


def write_dataset(folder: Path, items: Iterable[Row | Pair]) -> int:
    """Save rows, or pairs, as a dataset, and return how many there were. Raises UserError where the folder is taken."""
    datasets = _library()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} is there already", "name another --out")
    drawn = iter(items)
    first = next(drawn)
    beside = folder.with_name(f"{folder.name}.new")

    def values() -> Generator[dict[str, Json]]:
        for item in chain((first,), drawn):
            if type(item) is not type(first):
                raise UserError("conversations and pairs cannot stand in one dataset", "convert them one by one")
            yield row_to_json(item) if isinstance(item, Row) else pair_to_json(item)

    several, one = datasets.List(datasets.Json()), datasets.Json()
    names = ("messages", "tools") if isinstance(first, Row) else ("prompt", "chosen", "rejected")
    features = datasets.Features({**dict.fromkeys(names, several), "meta": one})
    try:
        made = datasets.Dataset.from_generator(
            values, features=features, cache_dir=str(beside), fingerprint=folder.name
        )
        made.save_to_disk(str(folder))
        return len(made)
    except datasets.exceptions.DatasetGenerationError as error:
        if isinstance(error.__cause__, DemiurgicError):
            raise error.__cause__ from None
        raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _loaded(name: str, split: str) -> Iterable[Json]:
    datasets = _library()
    try:
        if not any((Path(name) / saved).exists() for saved in _SAVED):
            return datasets.load_dataset(name.removeprefix(HUB), split=split)
        saved = datasets.load_from_disk(name)
    except (FileNotFoundError, ValueError, ConnectionError, datasets.exceptions.DatasetsError) as error:
        raise UserError(f"{name} is no dataset: {str(error).splitlines()[0]}") from error
    if not isinstance(saved, datasets.DatasetDict):
        return saved
    if split not in saved:
        raise UserError(f"{name} has no split {split!r}; it has {', '.join(saved)}", "--split NAME")
    return saved[split]


def _library() -> Any:  # noqa: ANN401 - it has no types
    try:
        import datasets  # pyright: ignore[reportMissingTypeStubs]
    except ModuleNotFoundError as error:
        raise MissingExtra("what reads and writes datasets", "data") from error
    datasets.disable_progress_bars()
    return datasets
