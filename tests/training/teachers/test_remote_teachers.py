"""The real SDKs against a server that fails in every way: what is answered, what is paid for, and what is told."""

import logging
import socket
import time
from dataclasses import replace
from decimal import Decimal

import pytest
from support.teaching import KEY, PRICE, files_hold, hired, teacher_of, wanted
from support.teaching_server import TeachingServer

from demiurgic.messages import Usage
from demiurgic_training.teachers.desk import Desk
from demiurgic_training.teachers.ledger import Ledger
from demiurgic_training.teachers.money import Money
from demiurgic_training.teachers.protocol import Unanswered
from demiurgic_training.teachers.worst import worst_cost

KINDS = pytest.mark.parametrize("kind", ["openai", "anthropic"])


def turns(*hows: str):
    """Treats the first questions so, and all others well."""
    return lambda text, number: hows[number] if number < len(hows) else "ok"


@KINDS
def test_an_answer_comes_whole_with_its_tokens(kind):
    with TeachingServer() as server, hired(kind, server.url) as one:
        answer = one.teacher.ask(wanted("Say hello.").ask)
        assert answer.text == "An answer to: Say hello."
        assert (answer.finish, answer.lost) == ("stop", 0)
        assert answer.usage == Usage(prompt=10, completion=7)
        assert "stream" not in server.seen[0].body or server.seen[0].body["stream"] is False
        assert KEY in "".join(server.seen[0].headers.values())


@KINDS
@pytest.mark.parametrize("how", ["429", "500", "503"])
def test_what_was_turned_away_is_tried_again_and_costs_nothing(kind, how):
    with TeachingServer(turns(how)) as server, hired(kind, server.url) as one:
        answer = one.teacher.ask(wanted("Again?").ask)
        assert (answer.text, answer.lost) == ("An answer to: Again?", 0)
        assert [each.how for each in server.seen] == [how, "ok"]


@KINDS
def test_retry_after_is_waited_for(kind):
    with TeachingServer(turns("wait")) as server, hired(kind, server.url) as one:
        started = time.monotonic()
        one.teacher.ask(wanted("When?").ask)
        assert time.monotonic() - started >= 1


@KINDS
@pytest.mark.parametrize("how", ["drop", "leave", "504"])
def test_what_may_have_been_worked_on_is_counted_as_lost(kind, how):
    with TeachingServer(turns(how)) as server, hired(kind, server.url) as one:
        answer = one.teacher.ask(wanted("Lost?").ask)
        assert answer.lost == 1
        cost = one.cost(wanted("Lost?").ask, answer)
        assert cost.amount > server.charged


@KINDS
def test_a_server_that_hangs_up_again_and_again_is_not_called_slow(kind):
    with TeachingServer(turns("leave", "leave", "leave")) as server, hired(kind, server.url) as one:
        with pytest.raises(Unanswered, match="no connection to") as caught:
            one.teacher.ask(wanted("Anybody?").ask)
        assert caught.value.lost == 3


@KINDS
def test_silence_ends_in_a_timeout_that_may_have_cost(kind):
    with TeachingServer(turns("hang", "hang", "hang")) as server, hired(kind, server.url, timeout=0.2) as one:
        with pytest.raises(Unanswered, match="did not answer within") as caught:
            one.teacher.ask(wanted("Anybody?").ask)
        assert caught.value.lost == 3
        assert server.count("hang") == 3


@KINDS
def test_what_is_no_json_is_told_and_may_have_cost(kind):
    with TeachingServer(turns("garbage")) as server, hired(kind, server.url) as one:
        with pytest.raises(Unanswered, match="no reply") as caught:
            one.teacher.ask(wanted("Eh?").ask)
        assert caught.value.lost == 1


@KINDS
def test_a_wrong_key_is_told_without_the_key(kind):
    with TeachingServer(turns("401")) as server, hired(kind, server.url) as one:
        with pytest.raises(Unanswered) as caught:
            one.teacher.ask(wanted("Who am I?").ask)
        assert (caught.value.status, caught.value.lost) == (401, 0)
        assert KEY not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


def test_nobody_is_there():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    teacher = teacher_of("openai", f"http://127.0.0.1:{port}")
    with pytest.raises(Unanswered, match="no connection"):
        teacher.ask(wanted("Hello?").ask)
    teacher.close()


@KINDS
def test_nothing_costs_more_than_was_foreseen(kind):
    with TeachingServer(write=lambda text: "long " * 40) as server, hired(kind, server.url) as one:
        for text in ("x", "wörter mit ümläuten", "代码 " * 50, '"\\\n' * 30):
            ask = wanted(text, tokens=60).ask
            assert one.cost(ask, one.teacher.ask(ask)).amount <= worst_cost(ask, PRICE).amount


@KINDS
def test_tokens_that_are_not_told_cost_the_most(kind):
    with TeachingServer() as server, hired(kind, server.url) as one:
        ask = wanted("?").ask
        answer = one.teacher.ask(ask)
        assert one.cost(ask, replace(answer, usage=Usage())) == worst_cost(ask, PRICE)


@KINDS
def test_the_key_is_in_no_log_and_no_file(kind, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    ledger = Ledger(tmp_path / "ledger.jsonl", {"USD": Decimal(1)})
    with TeachingServer(turns("ok", "500", "ok", "401")) as server, hired(kind, server.url) as one, ledger:
        desk = Desk({"t": one}, ledger)
        desk.answer(wanted("a"))
        desk.answer(wanted("b"))
        with pytest.raises(Unanswered):
            desk.answer(wanted("c"))
    assert caplog.records, "the SDKs log something"
    assert not files_hold(tmp_path, KEY)
    assert KEY not in caplog.text + "".join(capfd.readouterr())
    assert KEY not in repr(one)


def test_a_known_answer_is_not_asked_for_again(tmp_path):
    with TeachingServer() as server, hired("openai", server.url) as one:
        for _ in range(2):
            with Ledger(tmp_path / "ledger.jsonl", {}) as ledger:
                paid = Desk({"t": one}, ledger).answer(wanted("once"))
        assert len(server.seen) == 1
        assert paid.cost == Money(server.charged, "USD")
