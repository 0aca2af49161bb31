"""One teacher through several processes: the same answers, the same failures, and nothing left behind."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import psutil
import pytest
from support.teaching import KEY, teacher_of, wanted
from support.teaching_server import TeachingServer

from demiurgic.errors import ConfigError, WorkError
from demiurgic.evaluation.writing import Stopped
from demiurgic_training.teachers.crew import CrewTeacher
from demiurgic_training.teachers.openai import OpenAIWire
from demiurgic_training.teachers.protocol import Unanswered
from demiurgic_training.teachers.remote import RemoteTeacher


def crew(url: str, processes: int = 2) -> CrewTeacher:
    return CrewTeacher(partial(teacher_of, "openai", url), "crew", processes)


def helpers() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if "spawn_main" in " ".join(each.cmdline())]


def test_answers_and_failures_come_through(capfd):
    with TeachingServer(lambda text, number: "401" if "wrong" in text else "ok") as server:
        teacher = crew(server.url)
        assert teacher.tries == 3
        assert len(helpers()) == 2
        with ThreadPoolExecutor(8) as executor:
            answers = list(executor.map(teacher.ask, [wanted(f"q{number}").ask for number in range(20)]))
        assert [answer.text for answer in answers] == [f"An answer to: q{number}" for number in range(20)]
        with pytest.raises(Unanswered) as caught:
            teacher.ask(wanted("wrong").ask)
        assert (caught.value.status, caught.value.lost) == (401, 0)
        assert not any(KEY in " ".join(each.cmdline()) for each in helpers())
        teacher.close()
        assert not helpers()
        with pytest.raises(Stopped):
            teacher.ask(wanted("late").ask)
    assert capfd.readouterr().err == ""


def no_teacher() -> RemoteTeacher:
    from demiurgic.chat.openai_api import reach

    return RemoteTeacher(OpenAIWire(reach("m")))


def test_a_teacher_that_cannot_be_opened_is_told():
    with pytest.raises(ConfigError, match="needs an API key"):
        CrewTeacher(no_teacher, "crew", 1)


def test_a_helper_that_dies_is_told_and_nobody_waits_for_ever():
    with TeachingServer(delay=5) as server, ThreadPoolExecutor(1) as executor:
        teacher = crew(server.url, 1)
        waiting = executor.submit(teacher.ask, wanted("long").ask)
        while not server.seen:
            time.sleep(0.01)
        os.kill(helpers()[0].pid, signal.SIGKILL)
        with pytest.raises(WorkError, match="has ended"):
            waiting.result(10)
        teacher.close()


def test_a_helper_that_died_unnoticed_is_told_to_who_asks_next():
    with TeachingServer() as server:
        teacher = crew(server.url, 1)
        (helper,) = helpers()
        helper.kill()
        helper.wait(10)
        for _ in range(2):
            with pytest.raises(WorkError, match="has ended"):
                teacher.ask(wanted("q").ask)
        teacher.close()
