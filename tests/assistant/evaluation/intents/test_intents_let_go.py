"""Classifying that somebody lets go of, and with an adapter."""

import threading
from pathlib import Path

import pytest
from support.engines import opened

from demiurgic.chat.local import LocalChat
from demiurgic.engine.protocol import Adapter, Done, EndReason, Reading, Request
from demiurgic.evaluation.intents.data import Row
from demiurgic.evaluation.intents.labels import Labels
from demiurgic.evaluation.intents.local import LocalIntents
from demiurgic.messages import System, User
from demiurgic.templates.glm4 import Glm4
from demiurgic.templates.protocol import Vocabulary

LABELS = Labels(("pay", "owe", "the name", "the path"))


@pytest.fixture(scope="module")
def chat(tiny_glm4: Path):
    with opened(tiny_glm4) as engine:
        yield LocalChat(engine, Glm4(Vocabulary(engine.facts.markers)), "tiny")


def rows(count: int, words: int = 1) -> list[Row]:
    return [Row(line, (System("Sort."), User(f"{line}" + " word" * words)), "", "{label}") for line in range(count)]


def test_nothing_more_comes_once_it_is_cancelled(chat):
    intents = LocalIntents(chat, LABELS, 4, 0.0)
    told = []
    for prediction in intents.classify(rows(500, words=50)):
        told.append(prediction)
        intents.cancel()
    assert len(told) == 1
    assert list(intents.classify(rows(3))) == []
    assert chat.engine.stats().running == chat.engine.stats().waiting == 0


class Endless:
    """An engine whose generations end only when they are cancelled."""

    def __init__(self, engine) -> None:
        self._engine, self.begun = engine, threading.Semaphore(0)

    def __getattr__(self, name: str):
        return getattr(self._engine, name)

    def generate(self, request: Request) -> "Waiting":
        self.begun.release()
        return Waiting()


class Waiting:
    """A generation that reads its prompt until it is cancelled."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()

    def __iter__(self):
        yield Reading(0, 2, 0)
        assert self._cancelled.wait(30), "nobody cancelled it"
        yield Done(EndReason.CANCELLED, 2, 0, 0)

    def cancel(self) -> None:
        self._cancelled.set()


def test_what_is_under_way_is_ended(chat):
    engine = Endless(chat.engine)
    intents = LocalIntents(LocalChat(engine, chat.template, "tiny"), LABELS, 3, 0.0)

    def leave() -> None:
        for _ in range(3):
            engine.begun.acquire()
        intents.cancel()

    threading.Thread(target=leave).start()
    assert list(intents.classify(rows(9))) == []
    assert not engine.begun.acquire(blocking=False)  # no other was begun after the three


def test_an_adapter_bends_the_odds(chat, tiny_lora):
    asked = rows(3)
    plain, bent = (
        {each.line: each.odds for each in LocalIntents(model, LABELS, 3, 0.0).classify(asked)}
        for model in (chat, chat.adapted("bent", Adapter(tiny_lora, 4.0)))
    )
    assert max(abs(plain[line][name] - bent[line].get(name, 0.0)) for line in plain for name in plain[line]) > 0.01
