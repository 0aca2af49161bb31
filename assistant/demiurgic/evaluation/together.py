"""Many questions at once, each in a thread that waits for the model."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


def together(questions: Iterable[Q], ask: Callable[[Q], A], at_once: int) -> Iterator[A]:
    """What `ask` says to every question, as it comes. No more are begun than are waited for, so leaving early is quick:
    those that were begun are over then. An error and Ctrl-C do not wait for them; they end with the model."""
    left = iter(questions)
    running: set[Future[A]] = set()
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="asking")
    try:
        while True:
            running |= {pool.submit(ask, each) for _, each in zip(range(at_once - len(running)), left, strict=False)}
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    except GeneratorExit:
        pool.shutdown(cancel_futures=True)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
