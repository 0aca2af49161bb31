"""Tensors in files, one by one. The only place that knows safetensors and torch's older form."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from demiurgic.errors import UserError, WorkError

WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")
"""Files of weights as transformers names them: the newer form, and the older, for where there is none of that."""


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor in a file, not read yet."""

    name: str
    shape: tuple[int, ...]
    read: Callable[[], Any]


def stored_tensors(file: Path) -> Iterator[StoredTensor]:
    """What a safetensors file holds."""
    import safetensors

    library: Any = safetensors
    try:
        opened = _opened(file)
    except (library.SafetensorError, OSError) as error:
        raise UserError(f"{file} is damaged: {error}", "fetch or save the checkpoint again") from error
    with opened as held:
        shapes: dict[str, tuple[int, ...]] = {name: tuple(held.get_slice(name).get_shape()) for name in held.keys()}  # noqa: SIM118 - it is no mapping
    yield from (StoredTensor(name, shape, partial(_read, file, name)) for name, shape in shapes.items())


def pickled_tensors(file: Path) -> Iterator[StoredTensor]:
    """What a file of torch's older form holds. No code of its own is run: nothing but tensors can be made of it."""
    import torch

    held: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True, mmap=True)
    for name, tensor in held.items():
        yield StoredTensor(name, tuple(tensor.shape), lambda tensor=tensor: tensor)


def save_tensors(tensors: dict[str, Any], file: Path) -> None:
    """Write tensors to a safetensors file. Raises WorkError where it cannot be written whole."""
    import safetensors.torch

    library: Any = safetensors.torch
    with saving(file):
        library.save_file(tensors, file, metadata={"format": "pt"})


@contextmanager
def saving(path: Path) -> Generator[None]:
    """Raises WorkError where what is saved within cannot be written whole: the disk is full, or not ours."""
    import safetensors

    library: Any = safetensors
    try:
        yield
    except (library.SafetensorError, OSError) as error:
        raise WorkError(f"{path} could not be written: {error}", "make room on its disk, or choose another") from error


def _read(file: Path, name: str) -> Any:  # noqa: ANN401 - a tensor
    with _opened(file) as held:
        return held.get_tensor(name)


def _opened(file: Path) -> Any:  # noqa: ANN401 - safetensors has no types to speak of
    import safetensors

    library: Any = safetensors
    return library.safe_open(file, "pt")
