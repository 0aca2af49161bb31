"""What a step keeps in memory for its way back, counted by running the model where there is no memory.

On torch's meta device every operation is done but the arithmetic. So what each layer keeps is not guessed by a formula
for one architecture: it is what autograd would have kept. Attention's matrix of all tokens by all tokens is left out,
as the kernels in use never write it down.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that are kept for the backward pass of one batch."""

    layers: int
    """By all layers together."""
    largest: int
    """By the largest of them."""
    entered: int
    """What enters the layers, together: all that is kept of them where activations are computed twice."""
    around: int
    """By everything around the layers: embeddings and the last norm."""

    def peak(self, *, twice: bool) -> int:
        """The most that there is at once."""
        return self.around + (self.entered + self.largest if twice else self.layers)


def kept_by(model: Any, batch: int, length: int, *, starts: bool = False) -> Kept:  # noqa: ANN401 - on the meta device
    """Run a batch of rows of so many tokens, and count. `starts`: what is learned stands before the first layer, so
    that all of them are part of the way back."""
    import torch

    counter = _Counter(length, {_place(held) for held in (*model.parameters(), *model.buffers())})
    layers = _layers(model)
    handles = [layer.register_forward_pre_hook(counter.enter, with_kwargs=True) for layer in layers]
    handles += [layer.register_forward_hook(counter.leave) for layer in layers]
    backbone = model.get_decoder()
    tokens = torch.zeros(batch, length, dtype=torch.long, device="meta")
    # A mask that is made already: making one would have to look at numbers.
    mask = torch.ones(batch, 1, length, length, dtype=torch.bool, device="meta")
    try:
        with torch.autograd.graph.saved_tensors_hooks(counter.pack, lambda held: held):
            entering = model.get_input_embeddings()(tokens).detach().requires_grad_(starts)
            backbone(inputs_embeds=entering, attention_mask=mask, use_cache=False)
    finally:
        for handle in handles:
            handle.remove()
    return Kept(sum(counter.inside), max(counter.inside, default=0), counter.entered, counter.around)


class _Counter:
    def __init__(self, length: int, weights: set[int]) -> None:
        self._length = length
        self._seen = weights
        """What is not counted, or not again."""
        self._alive: list[Any] = []
        self._within = False
        self.inside: list[int] = []
        self.entered = self.around = 0

    def enter(self, _: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:  # noqa: ANN401
        states = arguments[0] if arguments else named["hidden_states"]
        self.entered += states.nbytes
        self.inside.append(0)
        self._within = True

    def leave(self, *_: Any) -> None:  # noqa: ANN401
        self._within = False

    def pack(self, tensor: Any) -> Any:  # noqa: ANN401
        storage = tensor.untyped_storage()
        whole = tensor.dim() >= 2 and tensor.shape[-1] == tensor.shape[-2] == self._length
        if _place(tensor) in self._seen or whole:
            return tensor
        self._seen.add(_place(tensor))
        self._alive.append(tensor)
        if self._within:
            self.inside[-1] += storage.nbytes()
        else:
            self.around += storage.nbytes()
        return tensor


def _place(tensor: Any) -> int:  # noqa: ANN401
    """Tells whether two tensors share their memory, where there is none."""
    return tensor.untyped_storage()._cdata


def _layers(model: Any) -> list[Any]:  # noqa: ANN401
    """The decoder's layers: the longest list of modules of one kind."""
    import torch

    lists = [module for module in model.modules() if isinstance(module, torch.nn.ModuleList)]
    return list(max(lists, key=len)) if lists else []
