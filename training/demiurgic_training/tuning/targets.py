"""Which layers an adapter is added to, checked by name before any weights are read.

peft passes over names that match nothing as long as one matches: GLM's fused `gate_up_proj` stays untouched where a
recipe says `gate_proj`. Here every name must match.
"""

import difflib
from collections.abc import Sequence
from typing import Any

from demiurgic.errors import UserError

ALL_LINEAR = "all-linear"


def layers_of(model: Any) -> tuple[str, ...]:  # noqa: ANN401 - transformers has no types to speak of
    """Names of the layers that an adapter can be added to, in their order; the output's is not among them."""
    import torch

    output = model.get_output_embeddings()
    linear = (
        name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear) and module is not output
    )
    return tuple(dict.fromkeys(name.rpartition(".")[2] for name in linear))


def check_targets(model: Any, targets: Sequence[str], name: str) -> tuple[str, ...]:  # noqa: ANN401
    """The names of the layers that are meant. Raises UserError for one that matches none."""
    known = layers_of(model)
    if tuple(targets) == (ALL_LINEAR,):
        return known
    every = [path for path, module in model.named_modules() if _takes_an_adapter(module)]
    for target in targets:
        if not any(path == target or path.endswith(f".{target}") for path in every):
            near = difflib.get_close_matches(target, known, n=1)
            raise UserError(
                f"{name} has no layer that is called {target!r}",
                f"{f'did you mean {near[0]}? ' if near else ''}it has {', '.join(known)}; {ALL_LINEAR} takes them all",
            )
    return tuple(targets)


def _takes_an_adapter(module: Any) -> bool:  # noqa: ANN401 - a module
    import torch

    return isinstance(module, torch.nn.Linear | torch.nn.Embedding)
