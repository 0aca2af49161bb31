"""Which sequence holds which tokens: finding the work that was already done, and making room.

Sequences are either busy (a request writes to one) or idle (kept because a later prompt may begin alike). An idle
one that must go is turned into a snapshot first, if nobody else holds the same tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from demiurgic.engine.llama.context import Context
from demiurgic.engine.llama.snapshots import AdapterKey, SnapshotStore, shared_length

_WORTH_A_SNAPSHOT = 48
"""Evaluating fewer tokens than this again is cheaper than keeping and restoring them."""

_NEGLIGIBLE_TAIL = 16
"""An idle sequence with no more than this beyond the shared part is taken over instead of copied."""


_IDLE_PLACES = 512
"""Tokens that idle sequences may keep in the context. Each of them costs every step of every request a little, since
attention runs over all places; a snapshot costs nothing until it is restored, and that takes milliseconds."""


@dataclass(slots=True, eq=False)
class Held:
    """A sequence and the tokens that were evaluated into it."""

    number: int
    adapters: AdapterKey
    tokens: list[int] = field(default_factory=list[int])
    busy: bool = True
    used: int = 0


class Sequences:
    """All sequences of one context."""

    def __init__(self, context: Context, store: SnapshotStore, count: int) -> None:
        self._context, self._store = context, store
        self._free = set(range(count))
        self._held: list[Held] = []
        self._clock = 0

    def known(self, prompt: Sequence[int], adapters: AdapterKey) -> int:
        """How many of the prompt's first tokens need not be evaluated if it started now."""
        held = self._best_held(prompt, adapters)
        stored, _ = self._store.best(prompt, adapters, whole=not self._rewinds)
        return max(held[0], stored)

    def begin(self, prompt: Sequence[int], adapters: AdapterKey) -> Held | None:
        """A busy sequence that starts with as much of the prompt as is known, all but its last token at most.

        None while every sequence is busy.
        """
        begun = self._begin(prompt[:-1], adapters)
        if begun is not None and self._rewinds and not self._context.separate:
            self._thin_out()
        return begun

    def _begin(self, wanted: Sequence[int], adapters: AdapterKey) -> Held | None:
        common, held = self._best_held(wanted, adapters)
        stored, stored_tokens = self._store.best(wanted, adapters, whole=not self._rewinds)
        if stored >= common + _WORTH_A_SNAPSHOT and len(stored_tokens) <= self._context.size:
            restored = self._restore(stored_tokens, stored, adapters)
            if restored is not None:
                return restored
        if held is not None and not held.busy and len(held.tokens) - common <= _NEGLIGIBLE_TAIL:
            return self._take_over(held, common)
        fresh = self._fresh(adapters, keep=held)
        if fresh is None and held is not None and not held.busy:  # the only idle one is the one to begin with
            self.remember(held)
            return self._take_over(held, common)
        if fresh is not None and held is not None and common:
            self._context.copy(held.number, fresh.number, common)
            fresh.tokens = held.tokens[:common]
        return fresh

    def rewind(self, held: Held, length: int) -> bool:
        """Forget all but the first tokens. False where the model cannot; then nothing changed."""
        if length < len(held.tokens):
            if not self._context.trim(held.number, length):
                return False
            del held.tokens[length:]
        return True

    def discard_tail(self, held: Held) -> bool:
        """Forget what was evaluated beyond the tokens that this sequence is known to hold."""
        return self._context.trim(held.number, len(held.tokens))

    def release(self, held: Held) -> None:
        """The request is over; its tokens stay for the next prompt that begins alike."""
        held.busy = False
        self._touch(held)
        if not held.tokens:
            self.drop(held)

    def drop(self, held: Held) -> None:
        """Forget the sequence altogether."""
        self._context.clear(held.number)
        self._held.remove(held)
        self._free.add(held.number)

    def make_room(self) -> bool:
        """Give up the idle sequence that was used longest ago. False if there is none."""
        idle = [held for held in self._held if not held.busy]
        if not idle:
            return False
        self.spill(min(idle, key=lambda held: held.used))
        return True

    def spill(self, held: Held) -> None:
        """Turn a sequence into a snapshot and free its places."""
        self.remember(held)
        self.drop(held)

    def remember(self, held: Held) -> None:
        """Keep a snapshot of the sequence as it is now, unless another holds the same."""
        size = len(held.tokens)
        if size < _WORTH_A_SNAPSHOT and self._rewinds:
            return
        others = (other for other in self._held if other is not held and other.adapters == held.adapters)
        if self._rewinds and any(shared_length(other.tokens, held.tokens) == size for other in others):
            return
        self._store.put(held.tokens, held.adapters, self._context.snapshot(held.number))

    def export(self, tokens: Sequence[int], adapters: AdapterKey) -> tuple[tuple[int, ...], bytes] | None:
        """What is known of these tokens as a snapshot; None if nothing is."""
        held = self.begin([*tokens, 0], adapters)
        if held is None or not held.tokens:
            if held is not None:
                self.drop(held)
            return None
        saved = tuple(held.tokens), self._context.snapshot(held.number)
        self.release(held)
        return saved

    def spill_all(self) -> None:
        """Turn every idle sequence into a snapshot, for the next run."""
        while self.make_room():
            pass

    @property
    def idle(self) -> int:
        """Sequences kept for later."""
        return sum(not held.busy for held in self._held)

    @property
    def _rewinds(self) -> bool:
        return self._context.model.rewinds

    def _best_held(self, prompt: Sequence[int], adapters: AdapterKey) -> tuple[int, Held | None]:
        best: tuple[int, Held | None] = (0, None)
        for held in self._held:
            if held.adapters != adapters:
                continue
            common = shared_length(held.tokens, prompt)
            usable = self._rewinds or common == len(held.tokens)
            idle_instead = best[1] is not None and best[1].busy and not held.busy and common == best[0]
            if usable and (common > best[0] or idle_instead):
                best = (common, held)
        return best

    def _thin_out(self) -> None:
        """Turn idle sequences into snapshots, those used longest ago first, until few places are idle."""
        idle = sorted((held for held in self._held if not held.busy), key=lambda held: held.used)
        if sum(len(held.tokens) for held in idle) <= _IDLE_PLACES:
            return
        own = [self._own_places(held) for held in idle]
        places = sum(own)
        for held, freed in zip(idle, own, strict=True):
            if places <= _IDLE_PLACES:
                return
            places -= freed
            self.spill(held)

    def _own_places(self, held: Held) -> int:
        """How many places go free with it: what it has in common with another sequence is there only once."""
        others = (other for other in self._held if other is not held and other.adapters == held.adapters)
        return len(held.tokens) - max((shared_length(held.tokens, other.tokens) for other in others), default=0)

    def _take_over(self, held: Held, common: int) -> Held:
        if not self.rewind(held, common):
            raise AssertionError("a sequence that cannot rewind was offered for a part of its tokens")
        held.busy = True
        self._touch(held)
        return held

    def _restore(self, tokens: tuple[int, ...], common: int, adapters: AdapterKey) -> Held | None:
        blob = self._store.get(tokens, adapters)
        fresh = self._fresh(adapters, keep=None) if blob is not None else None
        if blob is None or fresh is None:
            return None
        while not self._context.restore(blob, fresh.number):
            self._context.clear(fresh.number)
            if not self.make_room():
                self.drop(fresh)
                return None
        fresh.tokens = list(tokens)
        self.rewind(fresh, common)
        return fresh

    def _fresh(self, adapters: AdapterKey, keep: Held | None) -> Held | None:
        if not self._free:
            idle = [held for held in self._held if not held.busy and held is not keep]
            if not idle:
                return None
            self.spill(min(idle, key=lambda held: held.used))
        number = min(self._free)  # those in use lie close together: only neighbours are evaluated in one go
        self._free.remove(number)
        held = Held(number, adapters)
        self._held.append(held)
        self._touch(held)
        return held

    def _touch(self, held: Held) -> None:
        self._clock += 1
        held.used = self._clock
