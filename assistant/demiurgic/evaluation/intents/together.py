"""Many rows at once, each in a thread that waits for the model."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from demiurgic.evaluation.intents.data import Row
from demiurgic.evaluation.intents.predictions import Prediction


def together(rows: Sequence[Row], ask: Callable[[Row], Prediction], at_once: int) -> Iterator[Prediction]:
    """What `ask` says of every row, as it comes. No more are begun than are waited for, so leaving early is quick."""
    left = iter(rows)
    running: set[Future[Prediction]] = set()
    with ThreadPoolExecutor(at_once, thread_name_prefix="intents") as pool:
        while True:
            running |= {pool.submit(ask, row) for _, row in zip(range(at_once - len(running)), left, strict=False)}
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
